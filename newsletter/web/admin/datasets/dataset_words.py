"""From a dataset form to what catalog.package reads, and back.

Lists that are short and simple are typed as lines: a keyword after each comma,
a creator, a question or a caveat on each line.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wtforms import Form

from newsletter.catalog.package.dataset_package import DatasetPackage, TablePackage
from newsletter.catalog.package.field_types import NO_CHART
from newsletter.errors import Invalid
from newsletter.installation import Installation
from newsletter.paging import cut
from newsletter.services.datasets.dataset_save import NO_FILE
from newsletter.services.datasets.table_files import FileSource
from newsletter.services.datasets.unread_files import UnreadFiles
from newsletter.services.suggestion import FirstWords
from newsletter.web.admin.datasets.dataset_fields import DatasetForm, find_field
from newsletter.web.uploads import Upload, note_of

PLAIN = ("title", "summary", "description", "license", "citation", "temporal", "spatial")
COLUMNS = 100  # of a table in the form: a page of them
SEPARATOR = " | "  # between a creator's name and address
PLACES = {"credit.curator": "curator", "credit.hat_tip": "hat_tip", "credit": "curator"}


def mapping_of(
    form: DatasetForm, before: DatasetPackage | None, uploads: Mapping[int, FileSource], today: str
) -> dict[str, Any]:
    """The mapping that ``form`` stands for, with what the form does not show (keys,
    categories, the language, earlier changes) from ``before``.

    ``uploads`` has the new file of each table that gets one. Raises Invalid, also for a table
    that has none.
    """
    kept = before.model_dump(mode="json", exclude_none=True) if before else {}
    tables = [_table(at, e.form, before, uploads) for at, e in enumerate(form.tables.entries)]
    _refuse_missing_files(tables)
    written = {name: _text(form, name) for name in PLAIN} | {
        "version": _text(form, "version"),
        "keywords": list(filter(None, map(str.strip, _text(form, "keywords").split(",")))),
        "sources": _sources(form, before),
        "creators": [_creator(line) for line in _lines(form, "creators")],
        "questions": _lines(form, "questions"),
        "caveats": _lines(form, "caveats"),
        "credit": _credit(form),
        "chart": _chart(form),
        "tables": tables,
        "changelog": _changelog(form, before, today),
        "language": kept.get("language"),
    }
    return {name: value for name, value in written.items() if value}


def fill(form: DatasetForm, slug: str, package: DatasetPackage, page: int = 1) -> None:
    """Put what a dataset says into the form; of the columns of a wide table one page."""
    form.slug.data = slug
    for name in PLAIN:
        getattr(form, name).data = getattr(package, name)
    form.version.data = package.version
    form.keywords.data = ", ".join(package.keywords)
    form.creators.data = "\n".join(
        SEPARATOR.join(filter(None, (creator.name, creator.url))) for creator in package.creators
    )
    form.questions.data = "\n".join(package.questions)
    form.caveats.data = "\n".join(" ".join(caveat.split()) for caveat in package.caveats)
    if package.credit:
        form.curator.data, form.hat_tip.data = package.credit.curator, package.credit.hat_tip
    form.chart.data = json.dumps(package.chart, indent=2) if package.chart else ""
    if package.chart == {}:
        form.chart.data = NO_CHART
    for source in package.sources:
        form.sources.append_entry(source.model_dump())
    for table in package.tables:
        form.tables.append_entry(
            {
                "name": table.name,
                "description": table.description,
                "read": table.read.model_dump(mode="json"),
                "columns": [
                    column.model_dump(mode="json")
                    for column in cut(table.columns, page, COLUMNS).rows
                ],
            }
        )


def fill_in_unread(
    form: DatasetForm, unread: UnreadFiles, opened: Installation, now: datetime
) -> None:
    """Put the files that are not read yet into a form that ``fill`` has filled, and what could
    not be read of them beside their fields."""
    form.note.data = unread.note
    for table, entry in zip(unread.package.tables, form.tables.entries, strict=True):
        source = unread.sources.get(table.name)
        if source is None:
            continue
        if source.names_table:
            entry.form["name"].data = ""
        if source.url:
            entry.form.url.data = source.url
        elif source.key:
            entry.form.stored.data = note_of(opened, Upload(source.key, source.name), now)
    if unread.error:
        place(form, Invalid(unread.error, dict(unread.fields)))


def fill_in(form: DatasetForm, words: FirstWords, opened: Installation, now: datetime) -> None:
    """Put what a reader suggested into an empty form."""
    form.submission.data = str(words.number)
    for name in ("title", "description", "license", "hat_tip"):
        getattr(form, name).data = getattr(words, name)
    if words.source:
        form.sources.append_entry({"title": words.title, "url": words.source})
    table = {"url": words.url} if words.url else {}
    if words.file_key:
        table["stored"] = note_of(opened, Upload(words.file_key, words.file_name), now)
    form.tables.append_entry(table)


def place(form: DatasetForm, error: Invalid) -> None:
    """Put each complaint beside the field that it is about; what fits none, above the form."""
    for path, sentence in error.fields.items():
        name, colon, rest = sentence.partition(":")
        if not path and colon and name in form._fields:
            path, sentence = name, rest.strip()
        field, below = find_field(form, PLACES.get(path, path))
        if field is None:
            where = f"{path}: " if path else ""
            form.form_errors.append(f"{where}{sentence}")
            continue
        line = f"Line {int(below[0]) + 1}: " if below and below[0].isdigit() else ""
        field.errors = [*field.errors, f"{line}{sentence}"]
    if not error.fields:
        form.form_errors.append(str(error))


def _text(form: Form, name: str) -> str:
    return (form[name].data or "").replace("\r\n", "\n").strip()


def _lines(form: DatasetForm, name: str) -> list[str]:
    return [line.strip() for line in _text(form, name).splitlines() if line.strip()]


def _creator(line: str) -> dict[str, str]:
    name, _, url = line.partition("|")
    return {"name": name.strip()} | ({"url": url.strip()} if url.strip() else {})


def _credit(form: DatasetForm) -> dict[str, str]:
    names = {"curator": _text(form, "curator"), "hat_tip": _text(form, "hat_tip")}
    return {name: text for name, text in names.items() if text}


def _chart(form: DatasetForm) -> dict[str, Any] | str:
    text = _text(form, "chart")
    if not text or text.lower() == NO_CHART:
        return text.lower()
    try:
        spec = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid("The chart is not JSON.", {"chart": f"This is not JSON{where}."}) from error
    if not isinstance(spec, dict):
        raise Invalid("The chart is not an object.", {"chart": "Write one object: { … }."})
    return spec


def _sources(form: DatasetForm, before: DatasetPackage | None) -> list[dict[str, Any]]:
    retrieved = {source.url: source.retrieved for source in before.sources} if before else {}
    sources = []
    for entry in form.sources.entries:
        source = {name: _text(entry.form, name) for name in ("title", "url", "publisher")}
        seen = retrieved.get(source["url"])
        sources.append(
            {name: text for name, text in source.items() if text or name != "publisher"}
            | ({"retrieved": seen.isoformat()} if seen else {})
        )
    return sources


def _changelog(form: DatasetForm, before: DatasetPackage | None, today: str) -> list[Any]:
    """The earlier changes, and this one if it has a version number of its own."""
    earlier = before.model_dump(mode="json")["changelog"] if before else []
    number, note = _text(form, "version"), _text(form, "note")
    others = [change for change in earlier if change["version"] != number]
    if note:
        return [*others, {"version": number, "date": today, "note": note}]
    return list(earlier)


def _table(
    at: int, entry: Form, before: DatasetPackage | None, uploads: Mapping[int, FileSource]
) -> dict[str, Any]:
    name = _text(entry, "name")
    known = {table.name: table for table in before.tables} if before else {}
    old = known.get(name)
    upload = uploads.get(at)
    file = f"data/{upload.file_name}" if upload else old.file if old else None
    written = {
        "name": name,
        "file": file,
        "description": _text(entry, "description"),
        "read": (_unshown(old) | _read(entry.read.form)) if upload else {},
        "columns": _columns(entry, old),
    }
    if old:
        kept = old.model_dump(mode="json", include={"primary_key", "foreign_keys"})
        written |= kept | {"missing_values": list(old.missing_values)}
    return {key: value for key, value in written.items() if value}


def _refuse_missing_files(tables: list[dict[str, Any]]) -> None:
    missing = {
        f"tables.{at}.file": NO_FILE for at, table in enumerate(tables) if "file" not in table
    }
    if missing:
        raise Invalid("A table has no file.", missing)


def _read(form: Form) -> dict[str, Any]:
    """What was said of how to read a new file; a space as the delimiter is one too."""
    stated = {name: field.data for name, field in form._fields.items() if field.data}
    return {
        name: value if value in (" ", True) else value.strip() for name, value in stated.items()
    }


def _unshown(old: TablePackage | None) -> dict[str, Any]:
    """What was said of how to read a file that the form has no field for."""
    if old is None:
        return {}
    names = {"date_order", "fill_down", "missing", "types"}
    return old.read.model_dump(mode="json", include=names, exclude_defaults=True)


def _columns(entry: Form, old: TablePackage | None) -> list[dict[str, Any]]:
    """The columns as the form has them, in the place of the earlier ones of their names. Those
    that it does not show stay."""
    known = {column.name: column.model_dump(mode="json") for column in old.columns} if old else {}
    for column in entry.columns.entries:
        name = column.form.name.data
        known[name] = {
            "name": name,
            "type": column.form.type.data,
            "unit": _text(column.form, "unit"),
            "description": _text(column.form, "description"),
            "categories": known.get(name, {}).get("categories", []),
        }
    return [{key: value for key, value in column.items() if value} for column in known.values()]
