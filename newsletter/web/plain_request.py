"""Requests as views see them: of what was typed, only characters that every layer below takes.

PostgreSQL refuses NUL, XML (the feeds) every other control character, UTF-8 the halves of
surrogate pairs, and a header the end of a line. Here they are dropped from fields, parameters
and the names of files, once for all views; an address with one in it names nothing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask, Request, abort, request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict
from werkzeug.routing import IntegerConverter

# All that is no Char of XML 1.0, section 2.2.
UNFIT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LINE_ENDS = re.compile("[\t\r\n\x85\u2028\u2029]")
MOST = 2**63 - 1  # that a number can be, in both databases


class PlainValues(ImmutableMultiDict[str, Any]):
    """Fields of a form, parameters of an address, or files, by name."""

    def __init__(self, values: Any = None) -> None:
        pairs = values.items(multi=True) if isinstance(values, MultiDict) else values
        super().__init__(list(_plain_pairs(pairs or ())))


class PlainRequest(Request):
    parameter_storage_class = PlainValues

    @property
    def is_json(self) -> bool:
        """No view takes JSON; Flask-WTF would fill a form with it, past all of this."""
        return False


class KeyConverter(IntegerConverter):
    """``<int:…>`` in a rule: a number that a row can have."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{"max": MOST} | named)


def register(app: Flask) -> None:
    app.request_class = PlainRequest
    app.url_map.converters["int"] = KeyConverter
    app.before_request(_refuse_unfit_addresses)


def _refuse_unfit_addresses() -> None:
    if UNFIT.search(request.path) or LINE_ENDS.search(request.path):
        abort(404)


def _plain_pairs(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in pairs:
        if isinstance(value, FileStorage):
            value.filename = UNFIT.sub("", value.filename or "")
            yield UNFIT.sub("", name), value
        else:
            yield UNFIT.sub("", name), UNFIT.sub("", value)
