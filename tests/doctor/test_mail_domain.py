"""The domain of NEWSLETTER_MAIL_FROM as a whole, right and wrong."""

import pytest

from newsletter.doctor.findings import Finding, State, Unanswered
from newsletter.doctor.mail_domain import examine_domain
from newsletter.settings import Settings
from tests.doctor.test_dkim import STRONG
from tests.doctor.zones import SERVFAIL, Zones, serving

RIGHT: Zones = {
    "news.test": {"MX": ["10 mx.news.test."], "TXT": ["v=spf1 include:spf.mtasv.net ~all"]},
    "spf.mtasv.net": {"TXT": ["v=spf1 ip4:198.51.100.0/24 ~all"]},
    "_dmarc.news.test": {"TXT": ["v=DMARC1; p=none; rua=mailto:dmarc@news.test"]},
    "20260101pm._domainkey.news.test": {"TXT": [f"k=rsa; p={STRONG}"]},
}


def examined(
    environ: dict[str, str], zones: Zones, address: str | None = None, **more: str
) -> list[Finding]:
    settings = {
        "NEWSLETTER_MAIL_FROM": "The News <hello@News.test>",
        "NEWSLETTER_MAIL_URL": "smtp://us:pw@smtp.postmarkapp.com",
        "NEWSLETTER_DKIM_SELECTORS": "20260101pm",
    }
    with serving(zones) as dns:
        loaded = Settings.load(environ | settings | {f"NEWSLETTER_{k}": v for k, v in more.items()})
        return list(examine_domain(loaded, dns, address))


def states(findings: list[Finding]) -> dict[str, State]:
    return {finding.what: finding.state for finding in findings}


def test_a_domain_that_is_set_up_is_right_in_all(environ: dict[str, str]) -> None:
    found = states(examined(environ, RIGHT))
    assert found == dict.fromkeys(("MX", "SPF", "DMARC", "DKIM", "alignment"), State.OK)


def test_a_bare_domain_lacks_all(environ: dict[str, str]) -> None:
    zones = {"news.test": {"A": ["192.0.2.1"]}}
    found = states(examined(environ, zones, MAIL_URL="smtp://relay.test", DKIM_SELECTORS=""))
    assert found == {
        "MX": State.WARNING,
        "SPF": State.WRONG,
        "DMARC": State.WRONG,
        "DKIM": State.WARNING,
        "alignment": State.OK,
    }


@pytest.mark.parametrize("zones", [{}, {"news.test": {"MX": ["0 ."], "A": ["192.0.2.1"]}}])
def test_a_domain_that_takes_no_mail_may_send_none(environ: dict[str, str], zones: Zones) -> None:
    assert states(examined(environ, zones))["MX"] is State.WRONG


@pytest.mark.parametrize("sender", ["a@localhost", "a@printer.local", "a@[127.0.0.1]", "a@news"])
def test_a_domain_of_this_machine_is_not_asked_for(environ: dict[str, str], sender: str) -> None:
    [finding] = examined(environ, {}, MAIL_FROM=sender)
    assert (finding.what, finding.state) == ("DNS", State.WARNING)


@pytest.mark.parametrize(
    ("mail_url", "address", "term"),
    [
        ("smtp://us:pw@relay.test", None, "a:relay.test"),
        ("smtp://127.0.0.1", None, "mx"),
        ("smtp://relay", None, "mx"),
        ("smtp://mx.elsewhere.test", "203.0.113.5", "ip4:203.0.113.5"),
        ("smtp://mx.elsewhere.test", "2001:db8::5", "ip6:2001:db8::5"),
        ("resend://KEY@", None, "include:amazonses.com"),
    ],
)
def test_the_record_to_add_names_who_sends(
    environ: dict[str, str], mail_url: str, address: str | None, term: str
) -> None:
    findings = examined(environ, {"news.test": {"A": ["192.0.2.1"]}}, address, MAIL_URL=mail_url)
    [spf] = [f for f in findings if f.what == "SPF"]
    assert f'"v=spf1 {term} ~all"' in spf.sentence


@pytest.mark.parametrize(("adkim", "state"), [("r", State.OK), ("s", State.WRONG)])
def test_a_key_of_the_organization_counts_unless_alignment_is_strict(
    environ: dict[str, str], adkim: str, state: State
) -> None:
    zones = {
        **RIGHT,
        "mail.news.test": {"A": ["192.0.2.1"]},
        "_dmarc.news.test": {"TXT": [f"v=DMARC1; p=none; adkim={adkim}; rua=mailto:d@news.test"]},
    }
    assert states(examined(environ, zones, MAIL_FROM="a@mail.news.test"))["DKIM"] is state


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ("spf.mtasv.net", "SPF"),
        ("_dmarc.news.test", "DMARC"),
        ("20260101pm._domainkey.news.test", "DKIM"),
    ],
)
def test_one_name_that_cannot_be_asked_for_hides_no_other(
    environ: dict[str, str], broken: str, what: str
) -> None:
    found = states(examined(environ, {**RIGHT, broken: SERVFAIL}))
    assert found.pop(what) is State.WARNING
    assert set(found.values()) == {State.OK}
    assert "alignment" in found


def test_a_dns_that_answers_nothing_ends_it(environ: dict[str, str]) -> None:
    with pytest.raises(Unanswered):
        examined(environ, {"news.test": SERVFAIL})
