"""How the admin answers a click on a button: a sentence on the next page."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import flash
from flask_wtf import FlaskForm
from wtforms import Field

from newsletter.errors import Invalid, NotFound, Refused


@contextmanager
def flashing(sentence: str) -> Iterator[None]:
    """Say ``sentence`` on the next page when the block is through, or why it was refused."""
    try:
        yield
    except NotFound:
        raise
    except Refused as error:
        flash(str(error), "refused")
    else:
        flash(sentence, "done")


def show(form: FlaskForm, error: Refused) -> None:
    """Put what was refused beside the fields it is about; the rest above the form."""
    fields = error.fields if isinstance(error, Invalid) else {}
    placed = False
    for name, sentence in fields.items():
        field = form._fields.get(name)
        if isinstance(field, Field):
            field.errors = [*field.errors, sentence]
            placed = True
    if not placed:
        form.form_errors.append(str(error))
