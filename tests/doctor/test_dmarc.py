"""The DMARC record, found by the tree walk (RFC 9989)."""

import pytest

from newsletter.doctor.dmarc import Discovery, discover, examine_dmarc
from newsletter.doctor.dns_lookup import Dns
from newsletter.doctor.findings import Finding, State
from tests.doctor.zones import Zones, asking, serving

GOOD = "v=DMARC1; p=reject; rua=mailto:dmarc@news.test"


def records(**at: str) -> Zones:
    """``news_test="..."`` is a record at _dmarc.news.test."""
    return {f"_dmarc.{name.replace('_', '.')}": {"TXT": [text]} for name, text in at.items()}


def discovered(domain: str, zones: Zones) -> Discovery:
    with serving(zones) as dns:
        return discover(domain, dns)


def examined(domain: str, zones: Zones) -> list[Finding]:
    with serving(zones) as dns:
        return list(examine_dmarc(domain, dns, discover(domain, dns)))


def states(domain: str, zones: Zones) -> list[State]:
    return [finding.state for finding in examined(domain, zones)]


@pytest.mark.parametrize("policy", ["none", "quarantine", "reject", "Reject"])
def test_a_record_with_a_policy_and_reports_is_right(policy: str) -> None:
    record = f"v=DMARC1; p={policy}; rua=mailto:dmarc@news.test!10m"
    assert states("news.test", records(news_test=record)) == [State.OK]


def test_a_missing_record_is_quoted() -> None:
    [finding] = examined("news.test", {})
    assert finding.state is State.WRONG
    assert (
        'at _dmarc.news.test the TXT record "v=DMARC1; p=none; rua=mailto:dmarc@news.test"'
        in finding.sentence
    )


@pytest.mark.parametrize(
    "text", ["v=DMARC1 p=none", "p=none; v=DMARC1", "v=DMARC2; p=none", "v=dmarc1; p=none"]
)
def test_what_does_not_begin_with_its_version_is_none(text: str) -> None:
    assert states("news.test", records(news_test=text)) == [State.WRONG]


def test_a_record_that_is_no_list_of_tags_cannot_be_read() -> None:
    [finding] = examined("news.test", records(news_test="v=DMARC1; p=none; p=reject"))
    assert finding.state is State.WRONG
    assert "cannot be read" in finding.sentence


def test_two_records_are_none() -> None:
    [finding] = examined("news.test", {"_dmarc.news.test": {"TXT": [GOOD, "v=DMARC1; p=none"]}})
    assert finding.state is State.WRONG
    assert "more than one" in finding.sentence


@pytest.mark.parametrize(
    ("record", "state", "said"),
    [
        ("v=DMARC1; p=maybe; rua=mailto:d@news.test", State.WRONG, "p=maybe"),
        ("v=DMARC1; rua=mailto:d@news.test", State.WARNING, "add p=none"),
        ("v=DMARC1; p=none; rua=mailto:d@news.test", State.OK, "p=quarantine"),
    ],
)
def test_a_policy_must_be_one(record: str, state: State, said: str) -> None:
    [finding] = examined("news.test", records(news_test=record))
    assert finding.state is state
    assert said in finding.sentence


def test_a_record_that_asks_nobody_for_reports_is_warned_of() -> None:
    _, finding = examined("news.test", records(news_test="v=DMARC1; p=reject"))
    assert finding.state is State.WARNING
    assert "rua=mailto:dmarc@news.test" in finding.sentence


@pytest.mark.parametrize("rua", ["dmarc@news.test", "https://news.test/", "mailto:nobody"])
def test_reports_go_by_mail(rua: str) -> None:
    _, finding = examined("news.test", records(news_test=f"v=DMARC1; p=none; rua={rua}"))
    assert finding.state is State.WARNING


def test_another_organization_must_agree_to_take_reports() -> None:
    zones = records(news_test="v=DMARC1; p=none; rua=mailto:a@news.test, mailto:us@reports.example")
    _, finding = examined("news.test", zones)
    assert 'news.test._report._dmarc.reports.example the TXT record "v=DMARC1"' in finding.sentence
    agreed = {**zones, "news.test._report._dmarc.reports.example": {"TXT": ["v=DMARC1;"]}}
    assert states("news.test", agreed) == [State.OK]


# The domain above.


def test_a_domain_without_a_record_has_that_of_its_organization() -> None:
    found = discovered("mail.news.test", records(news_test=GOOD))
    assert found.organizational == "news.test"
    assert found.record is not None
    assert found.record.domain == "news.test"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("v=DMARC1; p=reject; sp=none; rua=mailto:d@news.test", "sp=none"),
        ("v=DMARC1; p=reject; rua=mailto:d@news.test", "p=reject"),
    ],
)
def test_below_it_the_policy_for_subdomains_holds(record: str, said: str) -> None:
    [finding] = examined("mail.news.test", records(news_test=record))
    assert said in finding.sentence


def test_the_record_of_the_domain_itself_comes_first() -> None:
    own = "v=DMARC1; p=none; sp=reject; rua=mailto:d@news.test"
    found = discovered("mail.news.test", records(mail_news_test=own, news_test=GOOD))
    assert found.organizational == "news.test"
    assert found.record is not None
    assert found.record.tags["p"] == "none"


def test_a_public_suffix_is_no_organization() -> None:
    zones = records(co_test="v=DMARC1; p=reject; psd=y")
    found = discovered("mail.news.co.test", zones)
    assert found.organizational == "news.co.test"
    assert found.record is not None
    assert found.record.domain == "co.test"


def test_a_domain_that_says_so_is_where_its_organization_begins() -> None:
    zones = records(news_test="v=DMARC1; p=none; psd=n", test="v=DMARC1; p=reject")
    assert discovered("mail.news.test", zones).organizational == "news.test"


def test_two_records_above_count_as_none() -> None:
    zones = {"_dmarc.news.test": {"TXT": [GOOD, GOOD + "; adkim=s"]}}
    assert discovered("mail.news.test", zones).record is None
    assert states("mail.news.test", zones) == [State.WRONG]


def test_a_long_name_takes_eight_questions() -> None:
    domain = "a.b.c.d.e.f.g.h.news.test"
    with asking({}) as (resolver, asked):
        discover(domain, Dns(resolver))
    assert [name.removeprefix("_dmarc.") for name, _ in asked] == [
        domain, "d.e.f.g.h.news.test", "e.f.g.h.news.test", "f.g.h.news.test", "g.h.news.test",
        "h.news.test", "news.test", "test",
    ]  # fmt: skip
