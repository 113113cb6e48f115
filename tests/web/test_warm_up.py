"""A new web process is warm before it takes a request, and starts whatever a page says."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask, request, request_started

from newsletter.installation import Installation
from newsletter.web.warm_up import PAGES, warm_up
from tests import factories


@pytest.fixture
def paths(new_app: Flask) -> Iterator[list[str]]:
    """What is asked for, as it is."""
    asked_for: list[str] = []

    def note(_app: Flask) -> None:
        asked_for.append(request.path)

    with request_started.connected_to(note, new_app):
        yield asked_for


def test_what_is_asked_for_most_is_shown_once_and_its_templates_are_compiled(
    new_app: Flask, installation: Installation, paths: list[str]
) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage, "rain")
    warm_up(new_app, installation)
    assert paths == [*PAGES, "/datasets/rain"]
    cache = new_app.jinja_env.cache
    assert cache is not None
    compiled = {name for _, name in cache}
    assert {"site/home.html", "admin/overview.html", "site/error.html"} <= compiled


def test_a_page_that_fails_stops_nothing_and_is_said(
    new_app: Flask, installation: Installation, paths: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    installation.db.close()
    for file in installation.settings.home.glob("newsletter.db*"):
        file.unlink()
    with caplog.at_level(logging.WARNING):
        warm_up(new_app, installation)
    assert paths == ["/"]
    assert caplog.records[-1].message.startswith("/ answered 5")
