"""Running posts: each on a copy of its data, in the environment that it requires."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from newsletter.errors import Refused, UnreadablePost
from newsletter.extras import RUN
from newsletter.models.post import RunStatus
from newsletter.posts.reading import forms
from newsletter.posts.reading.parsed_post import Written
from newsletter.posts.run_record import RunRecord
from newsletter.posts.running import rscript
from newsletter.posts.running.data import Data, lay_out
from newsletter.posts.running.environment import Environments, NotInstalled
from newsletter.posts.running.limits import Processes, RunLimits
from newsletter.posts.running.result import Broken, Result
from newsletter.posts.running.sandbox import require_confinement

AT_ONCE = 2  # posts
LOOK_SECONDS = 0.3  # between two looks, while they run, at whether to go on


@dataclass(frozen=True, slots=True)
class Runnable:
    """A post and the data that it is run on."""

    name: str  # that a person knows it by
    source: str  # SHA-256 of its file, in hex
    written: Written | Refused  # or why its file does not read
    data: Data | Refused

    @classmethod
    def of(cls, name: str, file_name: str, content: bytes, data: Data | Refused) -> Self:
        """The post that ``content`` is, in the form that ``file_name`` says."""
        written: Written | Refused
        try:
            written = forms.read(file_name, content)
        except UnreadablePost as error:
            written = error
        return cls(name, sha256(content).hexdigest(), written, data)


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one post; without a record, it was skipped."""

    name: str
    record: RunRecord | None
    note: str = ""  # why it was skipped

    @property
    def failed(self) -> bool:
        return self.record is not None and self.record.status is not RunStatus.RAN

    @property
    def sentence(self) -> str:
        """What came of it: a line, and the rest of what it said where it failed."""
        if self.record is None:
            return f"skipped: {self.note}"
        record = self.record
        if not self.failed:
            versions = ", ".join(f"{name} {number}" for name, number in record.versions.items())
            return f"ran in {record.seconds:.1f} s with {versions}."
        *before, last = record.error.splitlines()
        return "\n".join([f"{record.status.value}: {last}", *before])


def nothing() -> None:
    """Whoever waits does nothing meanwhile."""


def run_all(
    posts: Sequence[Runnable],
    limits: RunLimits,
    now: datetime,
    on_wait: Callable[[], None] = nothing,
) -> Iterator[Ran]:
    """Run ``posts``, some at once; what came of each, in their order. ``on_wait`` is called
    several times a second; if it raises, all are ended.

    Nothing is left of it: no process, and no file. Raises MissingExtra before any is run, and
    Refused where the system cannot shut them in.
    """
    if limits.is_confined:
        require_confinement()
    if any(isinstance(post.written, Written) and _has_kernel(post.written) for post in posts):
        RUN.require()
    with TemporaryDirectory(prefix="posts-", ignore_cleanup_errors=True) as folder:
        workshop = _Workshop(Path(folder), limits, now)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                for future in [pool.submit(workshop.run, post) for post in posts]:
                    while not wait([future], LOOK_SECONDS).done:
                        on_wait()
                    yield future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                workshop.processes.close()


class _Workshop:
    """What the posts of one invocation share."""

    def __init__(self, folder: Path, limits: RunLimits, now: datetime) -> None:
        self.processes = Processes()
        self._folder = folder
        self._environments = Environments(folder, self.processes)
        self._limits = limits
        self._now = now

    def run(self, post: Runnable) -> Ran:
        written, data = post.written, post.data
        if isinstance(written, Refused):
            return self._ran(post, RunStatus.REFUSED, error=str(written))
        if isinstance(data, Refused):
            return self._ran(post, RunStatus.REFUSED, error=str(data))
        if not written.run_cells:
            return self._ran(post, RunStatus.REFUSED, error="It has no code that is run.")
        if not _has_kernel(written) and not rscript.is_installed():
            return Ran(post.name, None, "Rscript is not installed here.")
        with TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as place:
            return self._run_in(Path(place), post, written, data)

    def _run_in(self, place: Path, post: Runnable, written: Written, data: Data) -> Ran:
        try:
            lay_out(data, written.front.data, place / "data")
        except Refused as error:
            return self._ran(post, RunStatus.REFUSED, error=str(error))
        (place / "posts").mkdir()
        (place / "home").mkdir()
        checked = dict(written.front.data)
        try:
            seconds, result = self._execute(written, place / "posts", place / "home")
        except (NotInstalled, Broken) as error:
            return self._ran(post, RunStatus.FAILED, error=str(error), data=checked)
        return self._ran(
            post,
            RunStatus.FAILED if result.error else RunStatus.RAN,
            seconds=round(seconds, 2),
            error=result.error,
            versions=dict(result.versions),
            data=checked,
            outputs=result.outputs,
        )

    def _execute(self, written: Written, posts: Path, home: Path) -> tuple[float, Result]:
        """How long the cells took, in seconds, and what came of them. Raises NotInstalled or
        Broken."""
        front, cells = written.front, written.run_cells
        rest = (posts, home, self._limits, self.processes)
        result: Result
        if not _has_kernel(written):
            began = time.monotonic()
            result = rscript.run_cells(cells, front.requires, *rest)
        else:
            kernel = import_module("newsletter.posts.running.kernel")  # of an extra
            sql = any(cell.language == "sql" for cell in cells)
            environment = self._environments.of(front.requires, sql)
            began = time.monotonic()
            result = kernel.run_cells(cells, environment, *rest)
        return time.monotonic() - began, result

    def _ran(self, post: Runnable, status: RunStatus, seconds: float = 0.0, **came: Any) -> Ran:
        record = RunRecord(at=self._now, status=status, seconds=seconds, source=post.source, **came)
        return Ran(post.name, record)


def _has_kernel(written: Written) -> bool:
    """Whether Jupyter runs it; R runs by itself."""
    return written.front.language != "r"
