"""Row "catastrophic regular expression": no text of 10 KB holds a process for longer than a
twentieth of a second."""

import re
import time
from collections.abc import Callable, Iterable

import pytest
from flask import Flask

from newsletter.installation import Installation
from tests.security.hostile_requests import Request, in_addresses, in_forms, shown_forms
from tests.security.patterns import SLOW, Pattern, all_patterns
from tests.web.admin.conftest import Browser

PACKAGES = ("newsletter", "dataset_daily")
REQUEST_LINE = 16_000  # characters of an address: waitress is told to take no longer head
SIGNS = ("a", "0", " ")


@pytest.mark.parametrize(
    "bad",
    [
        r"/admin/([\w.~-]+/?)*",
        r"(a+)+b",
        r"(x|xx)*y",
        r"\s*([^;]*?)\s*;",
        r"(.*)(.*)=",
        r"(\d+,?)+$",
    ],
)
def test_a_slow_pattern_is_found(bad: str) -> None:
    assert Pattern("here", re.compile(bad), frozenset({"fullmatch", "search"})).slow_on()


@pytest.mark.filterwarnings("ignore:newsletter.client is now:DeprecationWarning")
def test_every_pattern_of_ours_is_quick() -> None:
    patterns = [pattern for package in PACKAGES for pattern in all_patterns(package)]
    assert len(patterns) > 100
    assert [slow for pattern in patterns if (slow := pattern.slow_on())] == []


def cost(browser: Browser, request: Request) -> float:
    """CPU seconds of this thread, in which the app runs."""
    began = time.thread_time()
    request.send(browser).close()
    return time.thread_time() - began


def slow(
    app: Flask, browser: Browser, ask: Callable[[str], Iterable[Request]], length: int
) -> list[str]:
    """The requests that a long text makes slower than a short one does."""
    app.extensions["page_cache"].room = 0  # a page that is kept would be quick whatever it is
    seen = []
    for long in (sign * length + "!" for sign in SIGNS):
        for request, short in zip(ask(long), ask("a"), strict=True):
            for limiter in app.extensions["limiter"]:
                limiter.reset()
            if cost(browser, request) < SLOW:
                continue
            longest = min(cost(browser, request) for _ in range(3))
            if longest - cost(browser, short) > SLOW:
                seen.append(f"{longest:.3f} s: {request.method} {request.says}")
    return seen


def test_no_part_of_an_address_keeps_a_process(
    app: Flask, seeded: Installation, owner: Browser
) -> None:
    assert slow(app, owner, lambda text: in_addresses(app, [text]), REQUEST_LINE) == []


@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.Spooled:ResourceWarning")
def test_no_field_of_a_form_keeps_a_process(
    app: Flask, seeded: Installation, owner: Browser
) -> None:
    forms = list(shown_forms(app, owner))
    assert slow(app, owner, lambda text: in_forms(forms, [text]), 2_000) == []
