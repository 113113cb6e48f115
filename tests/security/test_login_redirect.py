"""Row "open redirect": after signing in, one is in the admin and nowhere else."""

import pytest

from tests.web.admin.conftest import OWNER, Browser

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/admin/",
    "/\\evil.example",
    "\\\\evil.example",
    "/admin/\\evil.example",
    "/admin//evil.example",
    "/admin/../..//evil.example",
    "///evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/admin/\r\nLocation: https://evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "%2f%2fevil.example",
    "https:/admin/",
    "admin/",
    "/datasets/",
    "",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_target_leads_out_of_the_admin(nobody: Browser, people: None, target: str) -> None:
    assert nobody.sign_in(OWNER, next=target).location == "/admin/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_whoever_is_signed_in_already_is_led_nowhere_else(owner: Browser, target: str) -> None:
    assert owner.get("/admin/login", query_string={"next": target}).location == "/admin/"


def test_a_page_of_the_admin_is_come_back_to(nobody: Browser, people: None) -> None:
    assert nobody.sign_in(OWNER, next="/admin/issues/2026-11-30").location == (
        "/admin/issues/2026-11-30"
    )
