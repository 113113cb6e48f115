"""Parts that several of the formats share."""

from collections.abc import Mapping
from typing import Any

from newsletter.catalog.describe.facts import Party


def compact(document: Mapping[str, Any]) -> dict[str, Any]:
    """``document`` without what is empty: in every format here, absent says it better."""
    return {key: value for key, value in document.items() if value not in (None, "", [], (), {})}


def party(facts: Party, type_: str = "Person") -> dict[str, Any]:
    """A schema.org Person or Organization."""
    return compact({"@type": type_, "name": facts.name, "url": facts.url, "email": facts.email})
