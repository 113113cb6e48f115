"""Requests that nobody would send, at random: of every route, field, header and upload that there
is. What there is comes from the app itself: its rules, and the forms of its pages."""

import gzip
import io
import random
import string
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.security.hostile_requests import (
    ENDS_THE_SESSION,
    FILE,
    HEADERS,
    PARAMETERS,
    address,
    encoded,
    fields_of,
    good_values,
    part,
)

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND")
CONTENT_TYPES = (
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=" + "b" * 300, "application/json", "text/csv",
    "application/offset+octet-stream", "application/x-www-form-urlencoded; charset=utf-7", "a" * 99,
)  # fmt: skip
WORDS = (
    "", " ", "0", "-1", "1", "true", "null", "NaN", "inf", "1e309", "9" * 30, "-" + "9" * 5000,
    "2026-11-23", "0000-00-00", "9999-12-31", "2026-02-30", "10000-01-01", "mon 25:00", "+99:99",
    "../../etc/passwd", "//evil.example", "http://169.254.169.254/", "javascript:alert(1)", "\\\\x",
    "' OR 1=1 --", '"; DROP TABLE issue; --', "{{ 7 * 7 }}", "${7*7}", "%s%s%n", "<script>", "]]>",
    "a@b", "a@" + "b" * 300 + ".example", '"a b"@example.org', "reader@example.org",
    "é@example.org",
    "a\r\nX-Injected: 1", "\0", "\x1b[31m", "\ud800", "\udfff", "\ufffe", "\u202e", "\u2028",
    "\x85",
    "*" * 3000, "> " * 2000, "[" * 2000, "`" * 2000, "<div>" * 2000, "(" * 2000, "&" * 2000,
    "penguins", "penguins-who-is-who", "1.0.0", "999999999999.0.0", "species", "owner@example.org",
    "bytes=0-0", "bytes=-1", "bytes=9-1", "bytes=0-0,2-2,4-4", "bytes=" + "0-0," * 500, "bytes=a-b",
    "*", 'W/"x"', '"' * 300, "gzip;q=0", "br, gzip;q=nan", "en;q=9, *;q=-1", "text/html;q=1e9",
    "Mon, 31 Feb 2026 99:99:99 GMT", "sha1 AAAA", "filename /w==", "session=x; session=y",
)  # fmt: skip
ENDINGS = ("csv", "ipynb", "md", "parquet", "zip", "xlsx", "json", "")
ALPHABETS = (
    string.printable,
    "\0\x01\x0b\x1f\x7f\x85\ud800\udfff\ufffe\uffff", "aé中\N{GRINNING FACE}\u0301",
    "<>&\"'`", "*_[]()#>-`|~\n", "%0123456789abcdef", "../\\", "0123456789eE+-.",
)  # fmt: skip


@dataclass(frozen=True)
class Form:
    """One that a page shows: where it goes, and what it has."""

    method: str
    path: str
    fields: Mapping[str, str]


class RandomRequests:
    """Sends them, each decided by the seed and its number alone."""

    def __init__(self, app: Flask, forms: Sequence[tuple[str, Any]], seed: int) -> None:
        self._rules = [r for r in app.url_map.iter_rules() if not _ends_the_session(r.rule)]
        self._forms = [_form(path, form) for path, form in forms]
        self._forms = [form for form in self._forms if not _ends_the_session(form.path)]
        self._seed = seed
        self._random = random.Random(seed)

    def send(self, number: int, client: FlaskClient) -> tuple[str, TestResponse]:
        """What the request was, to be told in a failure, and its answer."""
        self._random = random.Random(f"{self._seed} {number}")
        ask: Callable[[], tuple[str, str, dict[str, Any]]]
        ask = self._random.choice((self._of_a_rule, self._of_a_form, self._of_a_form))
        method, path, more = ask()
        more["headers"] = self._headers() | more.get("headers", {})
        says = f"request {number} of seed {self._seed}: {method} {path[:100]!r}"
        return says, client.open(path, method=method, **more)

    def _of_a_rule(self) -> tuple[str, str, dict[str, Any]]:
        chance, rule = self._random, self._random.choice(self._rules)
        values = dict(good_values(rule))
        for name in rule.arguments:
            if chance.random() < 0.3:
                values[name] = part(self.text())
        path = address(rule, values)
        if chance.random() < 0.6:
            names = chance.choices(PARAMETERS, k=chance.randrange(1, 5))
            path += "?" + encoded({name: self.text() for name in names})
        known = sorted(rule.methods or METHODS)
        method = chance.choice(METHODS if chance.random() < 0.2 else known)
        more: dict[str, Any] = {}
        if method not in {"GET", "HEAD", "OPTIONS"} or chance.random() < 0.05:
            more = {"data": self.junk(), "content_type": chance.choice(CONTENT_TYPES)}
        return method, path, more

    def _of_a_form(self) -> tuple[str, str, dict[str, Any]]:
        chance, form = self._random, self._random.choice(self._forms)
        fields = {name: self._value(name, value) for name, value in form.fields.items()}
        for name in [name for name in fields if chance.random() < 0.05]:
            del fields[name]
        if form.method == "GET":
            return "GET", f"{form.path}?{encoded({n: str(v) for n, v in fields.items()})}", {}
        if chance.random() < 0.3 and not any(isinstance(v, bytes) for v in fields.values()):
            kind = "application/x-www-form-urlencoded"
            body = encoded({name: str(value) for name, value in fields.items()}).encode()
        else:
            kind, body = "multipart/form-data; boundary=x", self._multipart(fields)
        if chance.random() < 0.05:
            body = body[: chance.randrange(len(body) + 1)]
        return form.method, form.path, {"data": body, "content_type": kind}

    def _value(self, name: str, value: str) -> str | bytes:
        chance = self._random
        if name == "csrf_token" and chance.random() < 0.95:
            return value
        if value.startswith(FILE):
            return self.junk() if chance.random() < 0.9 else self.text()
        return self.text() if chance.random() < 0.4 else value

    def _multipart(self, fields: Mapping[str, str | bytes]) -> bytes:
        written = io.BytesIO()
        for name, value in fields.items():
            more = ""
            if isinstance(value, bytes):
                name_of_file = (
                    self.text()[:300].replace('"', "").replace("\r", "").replace("\n", "")
                )
                ending = self._random.choice(
                    ("csv", "ipynb", "md", "parquet", "zip", "xlsx", "json")
                )
                more = f'; filename="{name_of_file}.{ending}"'
            head = f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
            content = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
            written.write(head.encode("utf-8", "surrogatepass") + content + b"\r\n")
        return written.getvalue() + b"--x--\r\n"

    def _headers(self) -> dict[str, str]:
        chance, headers = self._random, {}
        while chance.random() < 0.4:
            value = self.text()[:2000].encode("utf-8", "surrogatepass").decode("latin-1")
            name = chance.choice([name for name in HEADERS if name != "COOKIE"])
            headers[name.replace("_", "-")] = value.translate({0: "", 10: "", 13: ""})
        return headers

    def text(self) -> str:
        chance = self._random
        if chance.random() < 0.6:
            return chance.choice(WORDS)
        size = chance.choice((1, 5, 50, 300, 10_000))
        return "".join(chance.choices(chance.choice(ALPHABETS), k=size))

    def junk(self) -> bytes:
        """An upload: of every kind, broken or not."""
        chance = self._random
        text = self.text().encode("utf-8", "surrogatepass")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.csv", text * 3)
        begins = (
            b"",
            b"a,b\n",
            b'{"cells": [',
            b"PAR1",
            b"SQLite format 3\0",
            b"\xff\xfe",
            b"---\n",
        )
        deep = (b"{" * 3000, b"[" * 100_000, b"<div>" * 10_000)
        binary = (packed.getvalue(), gzip.compress(text * 50), chance.randbytes(20_000))
        content = chance.choice((*(begin + text for begin in begins), *deep, *binary))
        return content[: chance.randrange(len(content) + 1)] if chance.random() < 0.3 else content


def _form(path: str, form: Any) -> Form:
    target = urlsplit(urljoin(f"https://x{path}", str(form.get("action") or ""))).path
    return Form(str(form.get("method", "get")).upper(), target, dict(fields_of(form)))


def _ends_the_session(path: str) -> bool:
    return path.startswith(ENDS_THE_SESSION)
