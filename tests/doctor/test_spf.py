"""The SPF record, right and wrong (RFC 7208)."""

import pytest

from newsletter.doctor.findings import Finding, State, Unanswered
from newsletter.doctor.spf import examine_spf
from tests.doctor.zones import SERVFAIL, Zones, serving

INCLUDE = "include:spf.mtasv.net"
POSTMARK = {"spf.mtasv.net": {"TXT": ["v=spf1 ip4:198.51.100.0/24 ~all"]}}


def examined(*records: str, source: str = INCLUDE, more: Zones = POSTMARK) -> list[Finding]:
    with serving({"news.test": {"TXT": records or ["hello"]}, **more}) as dns:
        return list(examine_spf("news.test", dns, source))


def only(*records: str, source: str = INCLUDE, more: Zones = POSTMARK) -> tuple[State, str]:
    [finding] = examined(*records, source=source, more=more)
    assert finding.what == "SPF"
    return finding.state, finding.sentence


def test_a_record_with_the_relay_in_it_is_right() -> None:
    state, sentence = only("v=spf1 include:spf.mtasv.net ~all")
    assert state is State.OK
    assert "1 of 10" in sentence


def test_a_missing_record_is_quoted() -> None:
    state, sentence = only()
    assert state is State.WRONG
    assert 'at news.test the TXT record "v=spf1 include:spf.mtasv.net ~all"' in sentence


@pytest.mark.parametrize("text", ["v=spf10 -all", "v=spf2.0/pra -all", "spf1 -all", "v=spf1-all"])
def test_what_only_looks_like_a_record_is_none(text: str) -> None:
    assert "There is no SPF record" in only(text)[1]


def test_two_records_are_none() -> None:
    state, sentence = only("v=spf1 include:spf.mtasv.net ~all", "V=SPF1 mx ~all")
    assert (state, "2 SPF records" in sentence) == (State.WRONG, True)


@pytest.mark.parametrize(
    ("record", "better"),
    [
        ("v=spf1 mx ~all", "v=spf1 mx include:spf.mtasv.net ~all"),
        ("v=spf1 -ALL", "v=spf1 include:spf.mtasv.net -ALL"),
        ("v=spf1 redirect=b.test", "v=spf1 include:spf.mtasv.net redirect=b.test"),
    ],
)
def test_a_record_without_the_relay_is_quoted_with_it(record: str, better: str) -> None:
    more = {"b.test": {"TXT": ["v=spf1 -all"]}}
    state, sentence = only(record, more=more)
    assert state is State.WRONG
    assert f'"{better}"' in sentence


def test_a_relay_with_a_return_path_of_its_own_needs_no_record_of_ours() -> None:
    with serving({"news.test": {"TXT": ["hello"]}}) as dns:
        [finding] = examine_spf("news.test", dns, INCLUDE, returns_here=False)
    assert finding.state is State.WARNING


@pytest.mark.parametrize("everybody", ["+all", "all", "ALL"])
def test_everybody_may_not_send(everybody: str) -> None:
    first, *_ = examined(f"v=spf1 include:spf.mtasv.net {everybody}")
    assert first.state is State.WRONG
    assert "+all" in first.sentence


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("v=spf1 include:spf.mtasv.net ?all", "?all"),
        ("v=spf1 include:spf.mtasv.net", "end it in ~all"),
        ("v=spf1 include:spf.mtasv.net ptr ~all", "ptr"),
    ],
)
def test_a_record_that_says_little_is_warned_of(record: str, said: str) -> None:
    first, second = examined(record)
    assert first.state is State.WARNING
    assert said in first.sentence
    assert second.state is State.OK


@pytest.mark.parametrize(
    "term", ["ip4:300.1.1.1", "ip6:zz::", "include:", "ip4", "includes:a.test", "a=", "~", "-all,"]
)
def test_a_term_that_is_none_spoils_the_record(term: str) -> None:
    record = f"v=spf1 {term} include:spf.mtasv.net ~all"
    if "=" in term:  # a modifier that nobody knows is left out
        assert only(record)[0] is State.OK
    else:
        state, sentence = only(record)
        assert state is State.WRONG
        assert repr(term) in sentence


def test_questions_are_counted_through_includes() -> None:
    # one for each of: a.test, its mx and a, b.test, its exists and ptr, and the redirect
    more = {
        "a.test": {"TXT": ["v=spf1 mx a:c.test/24 ip4:192.0.2.1 include:b.test -all"]},
        "b.test": {"TXT": ["v=spf1 exists:%{i}.b.test ptr redirect=d.test"]},
        "d.test": {"TXT": ["v=spf1 ip6:2001:db8::/32 -all"]},
    }
    state, sentence = only("v=spf1 include:a.test ~all", source="mx", more=more)
    assert state is State.OK
    assert "takes 7 of 10" in sentence


@pytest.mark.parametrize(("count", "state"), [(10, State.OK), (11, State.WRONG)])
def test_more_than_ten_questions_are_too_many(count: int, state: State) -> None:
    names = [f"i{n}.test" for n in range(count)]
    more = {name: {"TXT": ["v=spf1 -all"]} for name in names}
    record = " ".join(["v=spf1", *(f"include:{name}" for name in names), "-all"])
    assert only(record, source="mx", more=more)[0] is state


def test_a_record_that_includes_itself_is_too_many_questions() -> None:
    more = {"a.test": {"TXT": ["v=spf1 include:a.test -all"]}}
    state, sentence = only("v=spf1 include:a.test ~all", more=more)
    assert (state, "more than 10" in sentence) == (State.WRONG, True)


@pytest.mark.parametrize("texts", [["hello"], ["v=spf1 -all", "v=spf1 mx -all"]])
def test_an_include_without_one_record_spoils_the_record(texts: list[str]) -> None:
    state, sentence = only("v=spf1 include:a.test ~all", more={"a.test": {"TXT": texts}})
    assert state is State.WRONG
    assert "refers to a.test" in sentence


def test_an_include_with_a_macro_is_counted_and_not_followed() -> None:
    assert only("v=spf1 include:%{d}.a.test mx ~all", source="mx")[0] is State.OK


@pytest.mark.parametrize(
    ("record", "covered"),
    [
        ("v=spf1 ip4:192.0.2.0/28 -all", True),
        ("v=spf1 ip4:192.0.2.9 -all", False),
        ("v=spf1 -ip4:192.0.2.5 ~all", False),
        ("v=spf1 a -all", True),
        ("v=spf1 a:away.test -all", False),
        ("v=spf1 a:away.test/24 -all", True),
        ("v=spf1 mx -all", True),
        ("v=spf1 include:spf.mtasv.net -all", False),
        ("v=spf1 include:ours.test -all", True),
        ("v=spf1 ip6:2001:db8::/32 exists:a.test -all", False),
    ],
)
def test_the_address_from_which_we_send_must_be_in_it(record: str, covered: bool) -> None:
    more = {
        **POSTMARK,
        "news.test": {"TXT": [record], "A": ["192.0.2.5"], "MX": ["5 mx.test."]},
        "mx.test": {"A": ["192.0.2.5"]},
        "away.test": {"A": ["192.0.2.200"]},
        "ours.test": {"TXT": ["v=spf1 ip4:192.0.2.5 -all"]},
    }
    state, sentence = only(record, source="ip4:192.0.2.5", more=more)
    assert (state is State.OK) is covered
    assert covered or " ip4:192.0.2.5 " in sentence


def test_a_name_that_cannot_be_asked_for_is_not_missing() -> None:
    with serving({"news.test": SERVFAIL}) as dns, pytest.raises(Unanswered):
        list(examine_spf("news.test", dns, INCLUDE))
