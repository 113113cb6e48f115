"""Every error this program raises on purpose.

    NewsletterError
    ├── BadSetting          the environment names a value that cannot be used
    ├── MissingExtra        what is asked for needs a package that is not installed
    ├── Refused             the request cannot be carried out as asked
    │   ├── Invalid         what was typed or sent breaks a rule; carries the fields
    │   │   ├── InvalidAddress
    │   │   ├── TooLarge    more bytes than are taken
    │   │   ├── Damaged     not the bytes that were sent
    │   │   ├── UnreadablePackage
    │   │   ├── UnreadablePost
    │   │   └── UnreadableTable
    │   │       └── SeveralTables   a file of more than one, and none was chosen
    │   ├── NotFound        nothing has that name
    │   │   └── Withdrawn   it was public, and was taken back
    │   ├── Conflict        it is taken, or no longer in a state that allows it
    │   │   ├── SlotTaken
    │   │   └── SlugTaken
    │   ├── BadToken        a link that we did not sign, or for another purpose
    │   ├── ExpiredToken    a link that we signed, too long ago
    │   ├── TooMany         a limit was reached; try later
    │   ├── NoRoom          the disk is full; somebody has to make room
    │   ├── Busy            there is too much to do just now; try again in a moment
    │   └── FetchRefused    an address on the web that we will not or cannot read
    │       └── UnknownHost     whose host's name has no address
    ├── JobsFailed          some of what runs unattended failed; the log says why
    └── TransportError      the transport cannot be opened or is set up wrongly

A class names an outcome; its message is one sentence that says what the
person can do about it. The web layer and the command line turn it into a
status or an exit code by the class, nowhere else.
"""

from collections.abc import Sequence


class NewsletterError(Exception):
    """The root. ``str(error)`` is a sentence fit to show to a person."""


class BadSetting(NewsletterError):
    """A setting is missing or wrong; the message names it."""


class MissingExtra(NewsletterError):
    """An optional dependency is not installed; the message has the command that installs it."""


class Refused(NewsletterError):
    """The request cannot be carried out as it was made."""


class Invalid(Refused):
    """What came in breaks a rule.

    ``fields`` maps a field's name to what is wrong with it, so that a form
    can put each sentence beside its field.
    """

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields: dict[str, str] = fields or {}


class InvalidAddress(Invalid):
    """Not an e-mail address that a server would accept."""


class TooLarge(Invalid):
    """More bytes than are taken."""


class Damaged(Invalid):
    """What came is not what was sent: its checksum differs."""


class UnreadablePackage(Invalid):
    """A dataset folder whose dataset.yaml is missing or breaks a rule."""


class UnreadablePost(Invalid):
    """A file that does not read as a post, or whose front matter breaks a rule."""


class UnreadableTable(Invalid):
    """A file that does not read as a table."""


class SeveralTables(UnreadableTable):
    """A file that holds more than one table, of which none was chosen; ``tables`` names them."""

    def __init__(self, message: str, tables: Sequence[str]) -> None:
        super().__init__(message)
        self.tables = tuple(tables)


class NotFound(Refused):
    """Nothing has that name."""


class Withdrawn(NotFound):
    """A dataset, or one version of it, that was public and was taken back. ``number``: the
    version that was asked for; empty: the dataset."""

    def __init__(self, message: str, slug: str, number: str = "") -> None:
        super().__init__(message)
        self.slug = slug
        self.number = number


class Conflict(Refused):
    """Taken, or in a state that no longer allows it."""


class SlotTaken(Conflict):
    """There is an issue at that kind and date already."""


class SlugTaken(Conflict):
    """There is a dataset of that slug already."""


class BadToken(Refused):
    """A token that was not signed here, or not for this purpose."""


class ExpiredToken(Refused):
    """A token signed here that is past its time."""


class TooMany(Refused):
    """A limit was reached; it is lifted by waiting."""


class NoRoom(Refused):
    """The disk is full, or would be."""


class Busy(Refused):
    """There is too much to do just now; in ``retry_after`` seconds there may be less."""

    def __init__(self, message: str, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FetchRefused(Refused):
    """An address that is not fetched, or that did not answer with a file."""


class UnknownHost(FetchRefused):
    """The name server says that the host does not exist."""


class JobsFailed(NewsletterError):
    """Of the jobs that were run, some failed; the others were run all the same."""


class TransportError(NewsletterError):
    """The transport cannot be opened: nothing was handed over."""
