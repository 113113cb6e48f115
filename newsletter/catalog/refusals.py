"""What a dataset, or a version of it, is not in a state for."""

from newsletter.catalog.semver import parsed
from newsletter.errors import Conflict, Withdrawn
from newsletter.models.dataset import Dataset, Version, VersionState


def check_number(dataset: Dataset, number: str) -> None:
    """Raises Conflict if ``number`` is not higher than that of every version that is public, or
    was."""
    for version in dataset.versions:
        if version.state is not VersionState.DRAFT and parsed(version.number) >= parsed(number):
            raise Conflict(
                f"{dataset.slug}: {number} does not come after {version.number}, which is "
                f"{version.state.value}: choose a higher number."
            )


def refuse_change_of_withdrawn(version: Version) -> None:
    """Raises Conflict: of a version that was withdrawn nothing changes."""
    if version.is_withdrawn:
        slug = version.dataset.slug
        raise Conflict(
            f"{slug} {version.number} was withdrawn: `newsletter dataset restore {slug}` within a "
            "day, or bring a new file as its next version."
        )


def refuse_pending(dataset: Dataset) -> None:
    """Raises Conflict while files are to be read into ``dataset``: nothing else of it changes."""
    if dataset.pending_ingest is not None:
        raise Conflict(
            f"New files of {dataset.slug} are not read yet: wait until they are, give others, or "
            "drop them on its page."
        )


def refuse_withdrawn(version: Version, number: str | None = None) -> None:
    """Raises Withdrawn for a version that was taken from the public; without its ``number`` of
    its dataset as a whole."""
    if version.is_withdrawn:
        what = f"“{version.title}”" + (f", version {number}," if number else "")
        raise Withdrawn(f"{what} was withdrawn.", version.dataset.slug, number or "")
