"""Every kind of long work: a new one is a definition beside its use case, and a line here."""

from collections.abc import Iterable

from newsletter.services.catalog_check import CHECK_CATALOG
from newsletter.services.file_reading import READ_FILES
from newsletter.tasks.definition import Definition, Definitions


def by_name(definitions: Iterable[Definition]) -> Definitions:
    return {definition.name: definition for definition in definitions}


DEFINITIONS = by_name((CHECK_CATALOG, READ_FILES))
