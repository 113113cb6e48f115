"""What the sources of a dataset answer, against what they answered before."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime

from newsletter.catalog.checks.findings import Finding, Weight
from newsletter.fetching.http_exchange import Validators
from newsletter.fetching.source_probe import Answer, State

# Silent in two checks of two weeks: a little less than one, as none begins on the second.
IN_A_ROW = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of an address since ``as_of``, when its data was retrieved (ISO dates)."""

    as_of: str
    etag: str | None = None
    last_modified: str | None = None
    silent_since: str | None = None

    @property
    def validators(self) -> Validators:
        return Validators(self.etag, self.last_modified)

    @classmethod
    def of(cls, kept: Mapping[str, str | None] | None, as_of: date) -> "Memory":
        """What is kept, unless the data was retrieved anew since."""
        fresh = cls(as_of.isoformat())
        if not kept:
            return fresh
        if kept["as_of"] != fresh.as_of:
            return replace(fresh, silent_since=kept["silent_since"])
        return cls(fresh.as_of, kept["etag"], kept["last_modified"], kept["silent_since"])

    def kept(self) -> dict[str, str | None]:
        return asdict(self)


def remembered(memory: Memory, answer: Answer, now: datetime) -> Memory:
    """What to know at the next check: the first validators, and since when it is silent."""
    if answer.state is not State.THERE:
        silent = answer.state in (State.SILENT, State.NO_HOST)
        since = _silent_since(memory, now).isoformat() if silent else None
        return replace(memory, silent_since=since)
    validators = Validators() if answer.is_page else answer.validators
    return replace(
        memory,
        etag=memory.etag or validators.etag,
        last_modified=memory.last_modified or validators.last_modified,
        silent_since=None,
    )


def source_findings(
    slug: str, url: str, memory: Memory, answer: Answer, now: datetime
) -> Iterator[Finding]:
    """``memory`` is what was known before ``answer``. A host that has no name is passed as
    SILENT where nobody else answered either: see ``examination``."""

    def finding(weight: Weight, sentence: str) -> Finding:
        return Finding(slug, "source", weight, f"{url}: {sentence}")

    match answer.state:
        case State.GONE | State.NO_HOST:
            yield finding(Weight.WRONG, answer.sentence)
        case State.CLOSED:
            yield finding(Weight.ASIDE, answer.sentence)
        case State.SILENT:
            since = _silent_since(memory, now)
            if now - since >= IN_A_ROW:
                yield finding(
                    Weight.WRONG, f"not reachable since {since:%Y-%m-%d}. {answer.sentence}"
                )
            else:
                yield finding(Weight.ASIDE, f"not reachable now. {answer.sentence}")
        case State.THERE:
            if answer.moved_to:
                yield finding(Weight.NOTE, f"it has moved for good: write {answer.moved_to}")
            if _has_changed(memory, answer):
                yield finding(
                    Weight.NOTE,
                    f"it has changed since it was retrieved ({memory.as_of}): "
                    "see whether the data has too.",
                )


def _silent_since(memory: Memory, now: datetime) -> datetime:
    """Never later than now, whatever a clock that was wrong has written."""
    return min(datetime.fromisoformat(memory.silent_since), now) if memory.silent_since else now


def _has_changed(memory: Memory, answer: Answer) -> bool:
    if answer.is_page:
        return False
    before, after = memory.validators, answer.validators
    dated = _day(after.last_modified or before.last_modified)
    if dated and dated > date.fromisoformat(memory.as_of):
        return True
    if answer.not_modified:
        return False
    if before.last_modified and after.last_modified:
        return before.last_modified != after.last_modified
    return bool(before.etag and after.etag and _opaque(before.etag) != _opaque(after.etag))


def _opaque(etag: str) -> str:
    """Without the mark of a weak one, which a proxy may add (RFC 9110 8.8.3)."""
    return etag.removeprefix("W/")


def _day(value: str | None) -> date | None:
    try:
        return parsedate_to_datetime(value).date() if value else None
    except ValueError:
        return None
