"""Look after the catalog: sources, dictionaries, stored files and documents.

Rows are read and the session closed; then the network and the files are asked;
then what is to be remembered is written. Sources are asked one at a time, those
first that were not asked for longest, and all of it takes a bounded time.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.catalog.checks.dictionary import dictionary_findings
from newsletter.catalog.checks.documents import document_findings
from newsletter.catalog.checks.files import StoredFile, file_findings, stored_files
from newsletter.catalog.checks.findings import Finding, Weight
from newsletter.catalog.checks.sources import Memory, remembered, source_findings
from newsletter.catalog.describe.published import facts_of
from newsletter.db import Database
from newsletter.fetching.http_exchange import AGENT
from newsletter.fetching.source_probe import Answer, Asker, State
from newsletter.models.catalog_check import CatalogCheck
from newsletter.models.dataset import Dataset, Version
from newsletter.settings import Settings
from newsletter.storage import Storage

log = logging.getLogger(__name__)

ASK_WITHIN = 30 * 60.0  # seconds, for all sources together
LOOK_SECONDS = 0.3  # between two looks, while a server is asked, at whether to go on
# How many sources of how many were asked, and the next one; whoever is to stop raises.
Seen = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """A dataset as it stood when the check began."""

    dataset_id: int
    slug: str
    asked_at: datetime | None
    sources: dict[str, Memory]  # by address
    files: list[StoredFile]
    findings: list[Finding]  # what needs neither network nor files


def unseen(_done: int, _total: int, _address: str) -> None:
    """Nobody watches."""


def examine(
    db: Database,
    storage: Storage,
    settings: Settings,
    now: datetime,
    slugs: Sequence[str] = (),
    asker: Asker | None = None,
    on_progress: Seen = unseen,
) -> list[Finding]:
    """What is to be said of the datasets ``slugs``, or of all that are published, what is
    wrong first. ``on_progress`` is called several times a second, whatever is waited for; if
    it raises, what was heard is remembered.

    Of a dataset its newest published version is looked at, or its draft where there is none;
    and the files of every version. Raises NotFound.
    """
    subjects = _subjects(db, settings, slugs)
    asker = asker or Asker(f"{AGENT} (+{settings.base_url})", settings.fetch_hosts)
    answers: dict[str, dict[str, Answer]] = {}
    try:
        _ask(subjects, asker, answers, on_progress)
    finally:
        answers = _believed(answers)
        _remember(db, subjects, answers, now)
    findings = [finding for subject in subjects for finding in subject.findings]
    for subject in subjects:
        for url, answer in answers.get(subject.slug, {}).items():
            memory = subject.sources[url]
            findings += source_findings(subject.slug, url, memory, answer, now)
    findings += _file_findings(subjects, storage, on_progress)
    order = list(Weight)
    return sorted(findings, key=lambda f: (order.index(f.weight), f.slug, f.about))


def _file_findings(
    subjects: Sequence[Subject], storage: Storage, on_progress: Seen
) -> list[Finding]:
    """Of the files of all, once all sources were asked."""
    sources = sum(len(subject.sources) for subject in subjects)

    def on_read(file: StoredFile) -> None:
        on_progress(sources, sources, f"Files of {file.slug}")

    files = [file for subject in subjects for file in subject.files]
    return list(file_findings(files, storage, on_read))


def _subjects(db: Database, settings: Settings, slugs: Sequence[str]) -> list[Subject]:
    with db.read() as session:
        if slugs:
            chosen = [datasets.get(session, slug) for slug in dict.fromkeys(slugs)]
        else:
            every = session.scalars(select(Dataset).order_by(Dataset.slug))
            chosen = [one for one in every if datasets.published_versions(one)]
        return [_subject_or_why_not(session, one, settings) for one in chosen]


def _subject_or_why_not(session: Session, dataset: Dataset, settings: Settings) -> Subject:
    """One dataset that cannot be looked at is a finding, and stops no other."""
    try:
        return _subject(dataset, session.get(CatalogCheck, dataset.id), settings)
    except Exception as error:
        log.exception("%s cannot be checked", dataset.slug, extra={"event": "check_failed"})
        sentence = f"It could not be checked: the program ended with {type(error).__name__}."
        finding = Finding(dataset.slug, "dataset", Weight.WRONG, sentence)
        return Subject(dataset.id, dataset.slug, None, {}, [], [finding])


def _subject(dataset: Dataset, kept: CatalogCheck | None, settings: Settings) -> Subject:
    version = next(iter(datasets.published_versions(dataset)), dataset.versions[-1])
    known = kept.sources if kept else {}
    findings = [
        finding for table in version.tables for finding in dictionary_findings(dataset.slug, table)
    ]
    return Subject(
        dataset_id=dataset.id,
        slug=dataset.slug,
        asked_at=kept.asked_at if kept else None,
        sources={
            source["url"]: Memory.of(known.get(source["url"]), _retrieved(source, version))
            for source in version.sources
            if urlsplit(source["url"]).hostname != settings.host  # we need not ask ourselves
        },
        files=[file for one in dataset.versions for file in stored_files(one)],
        findings=[*findings, *document_findings(facts_of(version, settings))],
    )


def _retrieved(source: dict[str, Any], version: Version) -> date:
    retrieved = source.get("retrieved")
    return date.fromisoformat(retrieved) if retrieved else version.created_at.date()


def _ask(
    subjects: Sequence[Subject],
    asker: Asker,
    answers: dict[str, dict[str, Answer]],
    on_progress: Seen,
) -> None:
    """Put what was heard into ``answers``, by slug and address; of a host that was silent once
    nothing more is asked."""
    ends = time.monotonic() + ASK_WITHIN
    silent: dict[str, Answer] = {}
    total, done = sum(len(subject.sources) for subject in subjects), 0
    # True sorts last: who was never asked comes first.
    longest_ago = sorted(subjects, key=lambda s: (s.asked_at is not None, s.asked_at or 0))
    for subject in longest_ago:
        for url, memory in subject.sources.items():
            if time.monotonic() > ends:
                return
            host, on_wait = urlsplit(url).netloc, partial(on_progress, done, total, url)
            on_wait()
            answer = silent.get(host) or _answer(asker, url, memory, on_wait)
            if not answer.is_heard:
                silent[host] = answer
            answers.setdefault(subject.slug, {})[url] = answer
            done += 1


def _answer(asker: Asker, url: str, memory: Memory, on_wait: Callable[[], None]) -> Answer:
    """What an address answers. If ``on_wait`` raises, nobody waits for it: the connection is
    ended by its own time limit, in a thread that holds nothing up."""
    answer: Future[Answer] = Future()

    def ask() -> None:
        try:
            answer.set_result(asker.ask(url, memory.validators))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name=f"check of {urlsplit(url).hostname}", daemon=True).start()
    while True:
        try:
            return answer.result(LOOK_SECONDS)
        except TimeoutError:
            if answer.done():
                raise
            on_wait()


def _believed(answers: dict[str, dict[str, Answer]]) -> dict[str, dict[str, Answer]]:
    """That a host has no name is believed only if somebody else answered: a machine that is
    offline, or without a name server, hears it of every host."""
    if any(answer.is_heard for of_one in answers.values() for answer in of_one.values()):
        return answers
    return {
        slug: {url: replace(answer, state=State.SILENT) for url, answer in of_one.items()}
        for slug, of_one in answers.items()
    }


def _remember(
    db: Database,
    subjects: Iterable[Subject],
    answers: dict[str, dict[str, Answer]],
    now: datetime,
) -> None:
    with db.write() as session:
        for subject in subjects:
            heard = answers.get(subject.slug)
            if not heard or session.get(Dataset, subject.dataset_id) is None:  # removed meanwhile
                continue
            sources = {
                url: (remembered(memory, heard[url], now) if url in heard else memory).kept()
                for url, memory in subject.sources.items()
            }
            session.merge(
                CatalogCheck(dataset_id=subject.dataset_id, asked_at=now, sources=sources)
            )
