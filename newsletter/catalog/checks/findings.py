"""What a look at a dataset found, in sentences for its curators."""

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    WRONG = "wrong"  # readers meet it: mend it
    NOTE = "note"  # worth a look
    ASIDE = "aside"  # may be over tomorrow, or is long known: told to who asks, never mailed


@dataclass(frozen=True, slots=True)
class Finding:
    slug: str
    about: str  # source, dictionary, file, document, or the dataset itself
    weight: Weight
    sentence: str
