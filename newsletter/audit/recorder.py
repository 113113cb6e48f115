"""Watches transactions and adds one entry to each that somebody is answerable for.

This is the one place where entries are made: a ``Recorder`` is the witness of a database
(``Database.witness``), so whatever a route or a command calls is recorded in the same transaction,
or not done. Each changed row is ``{"what", "which", "was", "now"}``; of many the first ones.
"""

import json
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, event, inspect, select
from sqlalchemy.engine import Result
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from newsletter import clock
from newsletter.audit.chain import Actor, append
from newsletter.audit.recorded import RECORDED, Recorded
from newsletter.db import Base
from newsletter.tokens import Signer

ROWS = 50  # of one entry
TEXT = 300  # characters of a value
EMPTY = (None, "", "[]", "{}", 0)
CHANGED = "(not shown)"
WHO = "audit.who"

Change = dict[str, Any]


class Recorder:
    """``actor``: who is answerable for what happens now; None: nobody, as in a job. ``signer`` is
    asked for once there is something to sign."""

    def __init__(self, signer: Callable[[], Signer], actor: Callable[[], Actor | None]) -> None:
        self._signer = signer
        self._actor = actor

    def __call__(self, session: Session) -> None:
        """Watch a transaction from its beginning."""
        if self._actor() is not None:
            watched = _Watched(self._signer, self._actor)
            event.listen(session, "after_flush", watched.note_rows)
            event.listen(session, "do_orm_execute", watched.note_statement)
            event.listen(session, "after_transaction_create", watched.mark)
            event.listen(session, "after_soft_rollback", watched.forget)
            event.listen(session, "before_commit", watched.close)


def answerable(session: Session, who: str) -> None:
    """Name who is answerable where the request cannot, as nobody is signed in yet."""
    session.info[WHO] = who


class _Watched:
    """One transaction: what it has changed until now."""

    def __init__(self, signer: Callable[[], Signer], actor: Callable[[], Actor | None]) -> None:
        self._signer = signer
        self._actor = actor
        self._changes: list[Change] = []
        self._has_written = False
        self._savepoints: dict[SessionTransaction, int] = {}

    def note_rows(self, session: Session, _context: object) -> None:
        """What a flush adds, changes and removes."""
        self._has_written = True
        for row in session.new:
            self._note(row, {}, _values(row))
        for row in session.dirty:
            self._note(row, *_differences(row))
        for row in session.deleted:
            self._note(row, _values(row), {})

    def note_statement(self, state: ORMExecuteState) -> Result[Any] | None:
        """What a statement changes without loading it."""
        if not (state.is_insert or state.is_update or state.is_delete):
            return None
        self._has_written = True
        mapper, where = state.bind_mapper, getattr(state.statement, "whereclause", None)
        recorded = RECORDED.get(mapper.class_) if mapper else None
        if mapper is None or recorded is None or where is None or len(self._changes) >= ROWS:
            return None
        model: type[Base] = mapper.class_
        before = _rows(state, model, recorded, where)
        result = state.invoke_statement()
        after = _rows(state, model, recorded, model.__mapper__.primary_key[0].in_(before))
        for key, (name, was) in before.items():
            now = after[key][1] if key in after else {}
            if now:
                changed = {field for field in was if was[field] != now[field]}
                self._add(model, name, _only(was, changed), _only(now, changed))
            else:
                self._add(model, name, _filled(was), {})
        return result

    def mark(self, _session: Session, transaction: SessionTransaction) -> None:
        """A savepoint begins: what follows may yet be undone."""
        self._savepoints[transaction] = len(self._changes)

    def forget(self, _session: Session, transaction: SessionTransaction) -> None:
        del self._changes[self._savepoints.get(transaction, 0) :]

    def close(self, session: Session) -> None:
        """Add the entry, just before the commit."""
        if session.in_nested_transaction():
            return
        session.flush()
        actor = self._actor()
        who = session.info.get(WHO) or (actor.who if actor else "")
        if self._has_written and actor is not None and who:
            named = Actor(who, actor.origin, actor.action, actor.target)
            append(session, self._signer(), named, self._changes, clock.now())

    def _note(self, row: Any, was: Change, now: Change) -> None:
        recorded = RECORDED.get(type(row))
        if recorded is not None and (was or now):
            self._add(type(row), _name(row, recorded), was, now)

    def _add(self, model: type[Base], name: str, was: Change, now: Change) -> None:
        if len(self._changes) < ROWS and (was or now):
            self._changes.append(
                {"what": model.__tablename__, "which": name, "was": was, "now": now}
            )


def _values(row: Any) -> Change:
    """What may be shown of a whole row."""
    recorded = RECORDED.get(type(row))
    return _filled({name: getattr(row, name) for name in recorded.fields}) if recorded else {}


def _differences(row: Any) -> tuple[Change, Change]:
    """What was and what is now of the attributes that a flush has written."""
    recorded = RECORDED.get(type(row))
    if recorded is None:
        return {}, {}
    was: Change = {}
    now: Change = {}
    for name in (*recorded.fields, *recorded.secrets):
        history = inspect(row).attrs[name].history
        if history.has_changes():
            secret = name in recorded.secrets
            was[name] = CHANGED if secret else history.deleted[0] if history.deleted else None
            now[name] = CHANGED if secret else history.added[0] if history.added else None
    return _shown(was), _shown(now)


def _rows(
    state: ORMExecuteState, model: type[Base], recorded: Recorded, where: ColumnElement[bool]
) -> dict[Any, tuple[str, Change]]:
    """By key: the name and the values of the rows that a statement is about, the first ones."""
    key = model.__mapper__.primary_key[0]
    names = [getattr(model, name) for name in recorded.names]
    fields = [getattr(model, name) for name in recorded.fields]
    chosen = select(key, *names, *fields).where(where).limit(ROWS)
    rows = state.session.execute(chosen, state.parameters or {}).all()
    first = 1 + len(names)
    return {
        row[0]: (
            " ".join(map(_plain, row[1:first])),
            _shown(dict(zip(recorded.fields, row[first:], strict=True))),
        )
        for row in rows
    }


def _only(values: Change, names: set[str]) -> Change:
    return {name: value for name, value in values.items() if name in names}


def _name(row: Any, recorded: Recorded) -> str:
    return " ".join(_plain(getattr(row, name)) for name in recorded.names)


def _filled(values: Change) -> Change:
    """Of a row that is added or removed: without what is empty."""
    return {name: value for name, value in _shown(values).items() if value not in EMPTY}


def _shown(values: Change) -> Change:
    """As JSON has it; long texts are cut."""
    return {name: _json(value) for name, value in values.items()}


def _json(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = _plain(value)
    return text if len(text) <= TEXT else f"{text[:TEXT]}…"


def _plain(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
