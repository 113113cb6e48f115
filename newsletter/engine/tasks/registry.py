"""Every kind of long work: a new one is a definition beside its use case, and a line here."""

from newsletter.services.datasets.catalog_check import CHECK_CATALOG, CHECK_WEEK
from newsletter.services.datasets.dataset_export import EXPORT_DATASET
from newsletter.services.datasets.derived_files import (
    COMPARE_VERSIONS,
    DRAW_FIRST_ROWS,
    ENCODE_FILE,
    MAKE_WORKBOOK,
)
from newsletter.services.datasets.file_reading import READ_FILES
from newsletter.services.subscriber_transfer import EXPORT_SUBSCRIBERS, IMPORT_SUBSCRIBERS
from newsletter.tasks.definition import by_name

DEFINITIONS = by_name(
    (
        CHECK_CATALOG,
        CHECK_WEEK,
        COMPARE_VERSIONS,
        DRAW_FIRST_ROWS,
        ENCODE_FILE,
        EXPORT_DATASET,
        EXPORT_SUBSCRIBERS,
        IMPORT_SUBSCRIBERS,
        MAKE_WORKBOOK,
        READ_FILES,
    )
)
