"""The fields of the dataset form. What is right or wrong in them is catalog.package's to
say; the form keeps what was typed and shows each sentence beside its field."""

from typing import get_args

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    URLField,
)
from wtforms.fields import SelectChoice

from newsletter.catalog.package.field_types import ColumnType

TYPES = get_args(ColumnType)


class SourceForm(Form):
    title = StringField("Title")
    url = URLField("Address")
    publisher = StringField("Publisher")


class ColumnForm(Form):
    name = HiddenField()
    type = SelectField("Type", choices=TYPES)
    unit = StringField("Unit")
    description = StringField("Description")


FOUND_OUT = SelectChoice("", "found out")


class ReadForm(Form):
    """How a file is to be read: see ``catalog.package.ReadPackage``."""

    table = StringField("Table in the file")
    stack = BooleanField("Make one table of the files of an archive")
    encoding = StringField("Encoding")
    delimiter = StringField("Delimiter", filters=[lambda typed: "tab" if typed == "\t" else typed])
    decimal = SelectField(
        "Decimal mark",
        choices=[FOUND_OUT, SelectChoice(".", "point"), SelectChoice(",", "comma")],
        default="",
    )
    header = SelectField(
        "Header rows",
        choices=[FOUND_OUT, SelectChoice("0", "none"), *map(SelectChoice, "1234", "1234")],
        default="",
    )
    repair = SelectField(
        "Text",
        choices=[SelectChoice("", "as it stands"), SelectChoice("true", "repaired")],
        default="",
    )


class TableForm(Form):
    name = StringField("Name")
    description = StringField("Description")
    file = FileField("File")
    url = URLField("or its web address")
    read = FormField(ReadForm)
    stored = HiddenField()  # an upload's note: see uploads
    remove = BooleanField("Remove this table")
    columns = FieldList(FormField(ColumnForm))


class DatasetForm(FlaskForm):
    slug = StringField("Slug")
    title = StringField("Title")
    summary = StringField("Summary")
    description = TextAreaField("Description")
    license = StringField("Licence")
    keywords = StringField("Keywords")
    sources = FieldList(FormField(SourceForm))
    creators = TextAreaField("Creators")
    citation = TextAreaField("Citation")
    temporal = StringField("Time covered")
    spatial = StringField("Place covered")
    questions = TextAreaField("Questions")
    caveats = TextAreaField("Caveats")
    curator = StringField("Curator")
    hat_tip = StringField("Hat tip")
    chart = TextAreaField("Chart specification")
    version = StringField("Version")
    note = StringField("What changed")
    tables = FieldList(FormField(TableForm))
    # The number of the one that it is made of: see suggestion.
    submission = HiddenField(filters=[lambda sent: sent if (sent or "").isdecimal() else ""])
    answer = TextAreaField("A word to the person")

    def drop_blanks(self) -> None:
        """Take out the sources and tables that nobody filled in, so that the ones left
        are counted as the package counts them. One table always stays."""
        self.sources.entries = [e for e in self.sources.entries if any(e.data.values())]
        first, filled = self.tables.entries[:1], filter(_is_filled, self.tables.entries)
        self.tables.entries = list(filled) or first
        if not self.tables.entries:
            self.tables.append_entry()

    def offer_blanks(self) -> None:
        """Leave room for one more source and one more table."""
        self.sources.append_entry()
        self.tables.append_entry()


def _is_filled(entry: FormField) -> bool:
    table = entry.form
    return not table.remove.data and any(
        field.data for field in (table.name, table.description, table.file, table.url, table.stored)
    )


def find_field(form: Form, path: str) -> tuple[Field | None, list[str]]:
    """The field that a package's dotted path is about, and what is left of the path."""
    here: Form | Field = form
    steps = path.split(".")
    while steps and not (isinstance(here, Field) and not isinstance(here, FieldList | FormField)):
        step = steps[0]
        if isinstance(here, FormField):
            here = here.form
        if isinstance(here, FieldList):
            if not step.isdigit() or int(step) >= len(here.entries):
                return None, steps
            here = here.entries[int(step)]
        elif step in here._fields:
            here = here._fields[step]
        else:
            return None, steps
        steps.pop(0)
    is_leaf = isinstance(here, Field) and not isinstance(here, FieldList | FormField)
    return (here if is_leaf else None), steps
