"""How the admin answers a click on a button: a sentence on the next page."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, flash, session
from flask_wtf import FlaskForm
from wtforms import Field

from newsletter.errors import Invalid, NotFound, Refused

WAITING = "_flashes"  # what Flask calls them in its session
SENTENCES_AT_MOST = 3
CHARACTERS_AT_MOST = 200  # one may take twelve bytes there


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


def fit_into_a_cookie(response: Response) -> Response:
    """The sentences that wait for the next page are kept in a cookie, and a browser drops one
    that is too large: the last of them stay, and what one quotes at length is cut."""
    waiting = session.get(WAITING, [])
    fitting = [(kind, _cut(sentence)) for kind, sentence in waiting[-SENTENCES_AT_MOST:]]
    if fitting != [tuple(pair) for pair in waiting]:
        session[WAITING] = fitting
    return response


def _cut(sentence: str) -> str:
    if len(sentence) <= CHARACTERS_AT_MOST:
        return sentence
    half = CHARACTERS_AT_MOST // 2
    return f"{sentence[:half]} … {sentence[-half:]}"
