"""A name that leads back to the address that has it."""

import pytest

from newsletter.doctor.findings import State
from newsletter.doctor.reverse_name import examine_reverse_name
from tests.doctor.zones import Zones, serving

ADDRESS = "192.0.2.5"
PTR = {"5.2.0.192.in-addr.arpa": {"PTR": ["mail.news.test."]}}
BACK = {"mail.news.test": {"A": [ADDRESS]}}


@pytest.mark.parametrize(
    ("zones", "own_name", "states"),
    [
        (PTR | BACK, "mail.news.test", [State.OK]),
        (PTR | BACK | {"news.test": {"A": [ADDRESS]}}, "news.test", [State.OK]),
        (PTR | BACK, "news.test", [State.OK, State.WARNING]),
        (PTR | {"mail.news.test": {"A": ["192.0.2.6"]}}, "mail.news.test", [State.WRONG]),
        (PTR, "mail.news.test", [State.WRONG]),
        (BACK, "mail.news.test", [State.WRONG]),
    ],
)
def test_a_host_must_have_a_name_that_leads_back(
    zones: Zones, own_name: str, states: list[State]
) -> None:
    with serving(zones) as dns:
        assert [f.state for f in examine_reverse_name(ADDRESS, own_name, dns)] == states


def test_an_ipv6_address_is_led_back_to() -> None:
    arpa = "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"
    zones = {arpa: {"PTR": ["mail.news.test."]}, "mail.news.test": {"AAAA": ["2001:db8::1"]}}
    with serving(zones) as dns:
        [finding] = examine_reverse_name("2001:db8::1", "mail.news.test", dns)
    assert finding.state is State.OK


def test_what_is_missing_is_said_with_the_name_to_set() -> None:
    with serving({}) as dns:
        [finding] = examine_reverse_name(ADDRESS, "news.test", dns)
    assert "set its PTR record to news.test" in finding.sentence
