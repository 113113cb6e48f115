"""Every route and every form of the site and the admin, asked with texts that nobody types."""

import base64
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.security.admin_routes import EXAMPLES
from tests.web.admin.conftest import Browser

POST = "penguins-who-is-who"
PLACE = re.compile(r"<(?:[^:<>]*(?:\([^)]*\))?:)?(\w+)>")  # of a part in a rule
# Parameters that views read and no form of a page has.
PARAMETERS = (
    "q", "page", "kind", "keyword", "year", "column", "dataset", "language", "k", "next", "state",
    "status", "date", "slug", "submission", "_sort", "_sort_desc", "_search", "_page", "_table",
    "species__contains", "species__exact", "bill_mm__gte", "year__lte", "bill_mm__isblank",
)  # fmt: skip
GROUPS = [PARAMETERS[at : at + 7] for at in range(0, len(PARAMETERS), 7)]
HEADERS = (
    "ACCEPT", "ACCEPT_ENCODING", "ACCEPT_LANGUAGE", "COOKIE", "IF_MODIFIED_SINCE", "IF_NONE_MATCH",
    "IF_RANGE", "ORIGIN", "RANGE", "REFERER", "USER_AGENT", "X_FORWARDED_FOR", "X_FORWARDED_PROTO",
    "TUS_RESUMABLE", "UPLOAD_CHECKSUM", "UPLOAD_LENGTH", "UPLOAD_METADATA", "UPLOAD_OFFSET",
)  # fmt: skip
ENDS_THE_SESSION = (
    *("/admin/logout", "/admin/account/sign-out-everywhere", "/admin/account/sessions/"),
    "/admin/curators/1/sign-out",
)
FILE = "a file"  # the value of a field that takes one

Send = Callable[..., TestResponse]


@dataclass(frozen=True)
class Request:
    """One that a test sends; ``says`` names it in a failure."""

    method: str
    path: str
    says: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, browser: Browser) -> TestResponse:
        more: dict[str, Any] = {"environ_overrides": dict(self.headers)}
        if self.form is not None:
            more |= {"data": body(self.form), "content_type": "multipart/form-data; boundary=x"}
        address = f"{self.path}?{encoded(self.query)}" if self.query else self.path
        return browser.client.open(address, method=self.method, **more)


def encoded(values: Mapping[str, str]) -> str:
    return "&".join(f"{part(name)}={part(value)}" for name, value in values.items())


def part(text: str) -> str:
    """``text`` in an address, whatever it has in it."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def body(form: Mapping[str, str]) -> bytes:
    """A multipart form. What follows FILE is the name of a file."""
    written = io.BytesIO()
    for name, value in form.items():
        what = f'--x\r\nContent-Disposition: form-data; name="{name}"'
        if value.startswith(FILE):
            what += f'; filename="{value.removeprefix(FILE)}"'
            value = "a,b\n1,2\n"
        written.write(f"{what}\r\n\r\n{value}\r\n".encode("utf-8", "surrogatepass"))
    return written.getvalue() + b"--x--\r\n"


def good_values(rule: Rule) -> dict[str, str]:
    """An example of each part of its address."""
    values = {name: str(value) for name, value in EXAMPLES.items()}
    values |= {"filename": "site.css", "name": "figure-1", "file": "0" * 12, "table": "penguins"}
    values |= {"suffix": "py", "before": "1.0.0", "after": "2.0.0"}
    if rule.rule.startswith("/datasets/"):
        values |= {"number": "1.0.0"}
        if "rows" not in rule.rule and "chart" not in rule.rule:
            values |= {"kind": "csv"}
    if rule.rule.startswith("/posts/"):
        values |= {"slug": POST}
    return values


def address(rule: Rule, values: Mapping[str, str]) -> str:
    return PLACE.sub(lambda place: values[place[1]], rule.rule)


def in_addresses(app: Flask, texts: list[str]) -> Iterator[Request]:
    """Each part of each address, and each parameter of those that are read, as each text."""
    for rule in app.url_map.iter_rules():
        good = good_values(rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for name in sorted(rule.arguments):
                for text in texts:
                    path = address(rule, good | {name: part(text)})
                    yield Request(method, path, f"{name} of {rule.rule}: {text[:20]!r}")
        if "GET" in (rule.methods or ()):
            path = address(rule, good)
            for text, names in product(texts, GROUPS):
                some = dict.fromkeys(names, text)
                yield Request("GET", path, f"{names[0]}… of {rule.rule}: {text[:20]!r}", some)


def in_headers(texts: list[str]) -> Iterator[Request]:
    asked = [("GET", "/datasets/penguins"), ("GET", "/feed.atom"), ("POST", "/admin/uploads")]
    asked += [("GET", "/datasets/penguins/v/1.0.0/penguins.csv"), ("GET", "/admin/")]
    for method, path in asked:
        for name in HEADERS:
            for text in texts:
                # As a server hands them on, in Latin-1 and without line ends.
                value = text.encode("utf-8", "surrogatepass").decode("latin-1")
                value = value.replace("\n", "").replace("\r", "").replace("\0", "")
                headers = {f"HTTP_{name}": value}
                yield Request(method, path, f"{name} of {path}: {text[:20]!r}", headers=headers)
    for text in texts:
        named = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
        headers = {
            "HTTP_TUS_RESUMABLE": "1.0.0",
            "HTTP_UPLOAD_LENGTH": "3",
            "HTTP_UPLOAD_METADATA": f"filename {named}",
        }
        yield Request("POST", "/admin/uploads", f"an upload's name: {text[:20]!r}", headers=headers)


def in_forms(
    forms: Iterable[tuple[str, Any]], texts: list[str], one_by_one: bool = False
) -> Iterator[Request]:
    """Each form: all of its fields as each text, and ``one_by_one`` as the first text."""
    for path, form in forms:
        target = urlsplit(urljoin(f"https://x{path}", str(form.get("action") or ""))).path
        method = str(form.get("method", "get")).upper()
        if target.startswith(ENDS_THE_SESSION):
            continue
        fields = dict(fields_of(form))
        token = {name: value for name, value in fields.items() if name == "csrf_token"}
        names = [name for name in fields if name not in token]
        for text in texts:
            every = {name: _hostile(fields[name], text) for name in names}
            yield _request(method, target, every | token, f"the form {target}: {text[:20]!r}")
        for name in names if one_by_one else ():
            says = f"{name} of the form {target}: {texts[0][:20]!r}"
            one = fields | {name: _hostile(fields[name], texts[0])}
            yield _request(method, target, one, says)
            if fields[name].startswith(FILE):
                yield _request(method, target, fields | {name: "text"}, f"text as {says}")


def _hostile(value: str, text: str) -> str:
    if value.startswith(FILE):  # a line end, or a quote, would end its name there
        return FILE + "".join(text.replace('"', "").splitlines()) + ".csv"
    return text


def _request(method: str, path: str, values: dict[str, str], says: str) -> Request:
    if method == "GET":
        return Request("GET", path, says, query=values)
    return Request(method, path, says, form=values)


def shown_forms(app: Flask, browser: Browser) -> Iterator[tuple[str, Any]]:
    """Each form that a page shows, and the path of the page."""
    seen: set[str] = set()
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith("/static"):
            continue
        path = address(rule, good_values(rule))
        answer = browser.get(path)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        for form in BeautifulSoup(answer.text, "html.parser").find_all("form"):
            kind = f"{form.get('action') or path} {sorted(dict(fields_of(form)))}"
            if kind not in seen:
                seen.add(kind)
                yield path, form


def fields_of(form: Any) -> Iterator[tuple[str, str]]:
    for element in form.find_all(["input", "textarea", "select", "button"]):
        name = element.get("name")
        if not name:
            continue
        if element.get("type") == "file":
            yield name, f"{FILE}t.csv"
        elif element.name == "textarea":
            yield name, element.text
        elif element.name == "select":
            chosen = element.find("option", selected=True) or element.find("option")
            yield name, str(chosen.get("value", "")) if chosen else ""
        else:
            yield name, str(element.get("value", ""))
