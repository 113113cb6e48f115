"""Somebody at a browser without JavaScript: follows links, fills in forms."""

from typing import Any
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag


class Visitor:
    """Keeps cookies and the page that was opened last."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False
        self.answer = requests.Response()

    @property
    def cookies(self) -> dict[str, str]:
        return self._session.cookies.get_dict()

    def open(self, address: str, status: int = 200) -> "Visitor":
        """Open a page; it must answer with ``status``."""
        self.answer = self._session.get(urljoin(self.base_url, address), timeout=60)
        assert self.answer.status_code == status, self.words()
        return self

    def submit(self, marker: str, status: int = 200, **typed: Any) -> "Visitor":
        """Send the form that holds ``marker`` (its button's words or a field's name),
        with what the page filled in already, changed by ``typed``. A value that is a
        tuple is an uploaded file: (name, content)."""
        form = self._form(marker)
        fields = {name: value for name, value in self._filled(form) if name not in typed}
        fields |= {name: value for name, value in typed.items() if not isinstance(value, tuple)}
        files = {name: value for name, value in typed.items() if isinstance(value, tuple)}
        self.answer = self._session.request(
            str(form.get("method", "get")),
            urljoin(self.answer.url, str(form.get("action") or self.answer.url)),
            data=fields,
            files=files or None,
            timeout=60,
        )
        assert self.answer.status_code == status, self.words()
        return self

    def post(self, address: str, status: int = 200, **fields: str) -> "Visitor":
        """Send ``fields`` as a form would that the page does not offer."""
        typed = {"csrf_token": self.value("csrf_token")} | fields
        self.answer = self._session.post(urljoin(self.base_url, address), data=typed, timeout=60)
        assert self.answer.status_code == status, self.words()
        return self

    def words(self) -> str:
        """What the page says, its spaces made one."""
        return " ".join(self._page().get_text(" ").split())

    def value(self, name: str) -> str:
        """What stands in a field of the page."""
        fields = self._page().select(f'[name="{name}"]')
        assert fields, f"no field {name}"
        return str(_value(fields[0]))

    def beside(self, name: str) -> str:
        """The sentence about what is wrong in a field."""
        problem = self._page().find(id=f"{name}-problem")
        return " ".join(problem.get_text(" ").split()) if problem else ""

    def _page(self) -> BeautifulSoup:
        return BeautifulSoup(self.answer.text, "html.parser")

    def _form(self, marker: str) -> Tag:
        for form in self._page().find_all("form"):
            names = {field.get("name") for field in form.find_all(True)}
            buttons = [button.get_text(" ", strip=True) for button in form.find_all("button")]
            if marker in names or any(marker in words for words in buttons):
                return form
        raise AssertionError(f"no form with {marker!r} on {self.answer.url}: {self.words()}")

    def _filled(self, form: Tag) -> list[tuple[str, str]]:
        fields = [f for f in form.find_all(["input", "textarea", "select"]) if f.get("name")]
        return [
            (str(field["name"]), _value(field))
            for field in fields
            if field.get("type") not in ("file", "submit")
            and (field.get("type") not in ("checkbox", "radio") or field.has_attr("checked"))
        ]


def _value(field: Tag) -> str:
    if field.name == "textarea":
        # As browsers do: one line break at its beginning is not part of it.
        return field.get_text().replace("\r\n", "\n").removeprefix("\n")
    if field.name == "select":
        chosen = field.find("option", selected=True) or field.find("option")
        return str(chosen.get("value", chosen.get_text())) if chosen else ""
    return str(field.get("value", ""))
