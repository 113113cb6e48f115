"""Answers, no answers, and none in time."""

import dns.resolver
import pytest

from newsletter.doctor.dns_lookup import Dns
from newsletter.doctor.findings import Unanswered
from tests.doctor.zones import SERVFAIL, SILENT, asking, serving


def test_it_joins_the_strings_of_a_text() -> None:
    long = "v=DKIM1; p=" + "A" * 600
    with serving({"a.test": {"TXT": ["one", long]}}) as dns:
        assert sorted(dns.texts("a.test")) == ["one", long]


def test_it_gives_both_kinds_of_addresses_and_names_without_their_dot() -> None:
    zones = {
        "a.test": {"A": ["192.0.2.1"], "AAAA": ["2001:DB8::0:1"], "MX": ["10 mx.a.test."]},
        "1.2.0.192.in-addr.arpa": {"PTR": ["Mail.A.test."]},
        "null.test": {"MX": ["0 ."]},
    }
    with serving(zones) as dns:
        assert dns.addresses("a.test") == {"192.0.2.1", "2001:db8::1"}
        assert dns.exchangers("a.test") == ["mx.a.test"]
        assert dns.exchangers("null.test") == [""]
        assert dns.names_of("192.0.2.1") == ["mail.a.test"]


def test_a_name_that_is_not_there_and_one_without_that_record_are_the_same() -> None:
    with serving({"a.test": {"A": ["192.0.2.1"]}}) as dns:
        assert dns.texts("a.test") == dns.texts("b.test") == []


def test_an_alias_is_followed() -> None:
    with serving({"a.test": {"CNAME": ["b.test."]}, "b.test": {"TXT": ["hello"]}}) as dns:
        assert dns.texts("a.test") == ["hello"]


@pytest.mark.parametrize("name", ["bad.test", "a..test", "x" * 64 + ".test"])
def test_a_question_that_fails_is_not_an_answer(name: str) -> None:
    with serving({"bad.test": SERVFAIL}) as dns, pytest.raises(Unanswered) as unanswered:
        dns.texts(name)
    assert name in str(unanswered.value)


def test_all_questions_share_one_time() -> None:
    with asking({"slow.test": SILENT}) as (resolver, asked):
        dns = Dns(resolver, seconds=0.1)
        with pytest.raises(Unanswered, match="Could not ask"):
            dns.texts("slow.test")
        before = len(asked)
        with pytest.raises(Unanswered, match="too slow"):
            dns.texts("other.test")
        assert len(asked) == before


def test_a_machine_without_a_resolver_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(self: dns.resolver.Resolver, *_: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", without)
    with pytest.raises(Unanswered):
        Dns.of_this_machine().texts("a.test")
