"""Whom limits count, and which addresses go out."""

import pytest
from flask import Flask

from newsletter.web.context import (
    _warn_of_unknown_proxy,
    client_address,
    client_network,
    public_url,
)

INSIDE, LOOPBACK = "10.1.2.3", "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("8.8.8.8", None, "8.8.8.8"),
        ("8.8.8.8", "9.9.9.9", "8.8.8.8"),  # a claim of the visitor's
        (LOOPBACK, "9.9.9.9", "9.9.9.9"),
        (LOOPBACK, "1.1.1.1, 9.9.9.9", "9.9.9.9"),  # the last is the proxy's own word
        (LOOPBACK, "nonsense", LOOPBACK),
        (INSIDE, "9.9.9.9", INSIDE),  # a neighbour is no proxy of ours until we are told
        (LOOPBACK, None, LOOPBACK),
        (LOOPBACK, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_only_a_proxy_of_ours_says_who_asks(
    app: Flask, peer: str, forwarded: str | None, seen: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    with app.test_request_context(
        base_url="https://news.example.org",
        environ_base={"REMOTE_ADDR": peer},
        headers=headers,
    ):
        assert client_address() == seen


@pytest.mark.parametrize(
    ("peer", "network"),
    [("8.8.8.8", "8.8.8.0/24"), ("2001:db8:1:2::7", "2001:db8:1::/48"), ("::1", "::/48")],
)
def test_a_network_is_what_one_visitor_may_own(app: Flask, peer: str, network: str) -> None:
    with app.test_request_context(
        base_url="https://news.example.org", environ_base={"REMOTE_ADDR": peer}
    ):
        assert client_network() == network


def test_a_proxy_that_is_not_trusted_is_told_of_once(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    _warn_of_unknown_proxy.cache_clear()
    for peer in (LOOPBACK, "8.8.8.8", INSIDE, INSIDE):
        with app.test_request_context(
            base_url="https://news.example.org",
            environ_base={"REMOTE_ADDR": peer},
            headers={"X-Forwarded-For": "9.9.9.9"},
        ):
            client_address()
    assert [record.__dict__["event"] for record in caplog.records] == ["unknown_proxy"]


def test_addresses_come_from_the_settings(app: Flask) -> None:
    with app.test_request_context(base_url="https://news.example.org"):
        assert public_url("datasets.page", slug="x") == "https://news.example.org/datasets/x"
