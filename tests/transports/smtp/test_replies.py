"""The reply table, line by line: what a reply means by the phase in which it comes."""

import pytest

from newsletter.transports.base import Verdict
from newsletter.transports.smtp.replies import Phase, Reply, judge, lost

OPENING = (Phase.CONNECT, Phase.EHLO, Phase.TLS, Phase.AUTH)
MESSAGE = (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY, Phase.DOT)
RECIPIENT = (Phase.RCPT, Phase.DATA, Phase.DOT)


def verdict(phase: Phase, reply: str) -> Verdict:
    code, _, text = reply.partition(" ")
    return judge(phase, Reply(int(code), text)).verdict


@pytest.mark.parametrize("reply", ["250 2.0.0 ok", "250", "251 will forward", "200 fine"])
def test_2xx_to_the_final_dot_is_sent(reply: str) -> None:
    assert verdict(Phase.DOT, reply) is Verdict.SENT


@pytest.mark.parametrize("phase", [*OPENING, *MESSAGE[:-1]])
def test_2xx_to_anything_else_is_not_sent(phase: Phase) -> None:
    assert verdict(phase, "250 2.0.0 ok") is Verdict.REQUEUED


@pytest.mark.parametrize("phase", [*OPENING, *MESSAGE])
def test_a_connection_lost_is_judged_by_how_far_the_message_had_come(phase: Phase) -> None:
    expected = Verdict.REQUEUED
    if phase in (Phase.RCPT, Phase.DATA, Phase.BODY):
        expected = Verdict.DEFERRED  # it may be this recipient that ends it, each time
    if phase is Phase.DOT:
        expected = Verdict.UNKNOWN
    assert lost(phase, "it closed the connection").verdict is expected


@pytest.mark.parametrize("phase", RECIPIENT)
@pytest.mark.parametrize(
    "reply",
    [
        "450 4.2.1 busy",
        "451 4.3.0 try again",
        "452 4.3.1 no space here",
        "451",
        "450 greylisted, come back later",
        "450 4.2.0 over its rate of mail",  # of that mailbox, not of ours
        "451 4.7.1 greylisted",
        "499 4.9.9 what",
    ],
)
def test_4xx_on_rcpt_or_after_data_defers_this_delivery(phase: Phase, reply: str) -> None:
    assert verdict(phase, reply) is Verdict.DEFERRED


@pytest.mark.parametrize("phase", [*OPENING, *MESSAGE])
@pytest.mark.parametrize("reply", ["421 4.3.2 shutting down", "421 bye", "421 4.2.2 full"])
def test_421_is_not_the_recipients_fault(phase: Phase, reply: str) -> None:
    assert verdict(phase, reply) is Verdict.REQUEUED


@pytest.mark.parametrize("phase", [*OPENING, Phase.MAIL])
@pytest.mark.parametrize("reply", ["450 4.3.2 busy", "451 4.3.0 later", "454 4.7.0 later", "452"])
def test_4xx_before_the_recipient_is_named_is_not_their_fault(phase: Phase, reply: str) -> None:
    assert verdict(phase, reply) is Verdict.REQUEUED


@pytest.mark.parametrize("phase", [*OPENING, *MESSAGE])
@pytest.mark.parametrize(
    "reply",
    [
        "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail",
        "450 4.7.28 too many messages with the same link",
        "451 4.7.650 The mail server has been temporarily rate limited",
        "421 4.7.0 Too many connections from 192.0.2.7",
        "450 4.7.1 Error: too much mail from 192.0.2.7",
        "421 Throttled",
        "451 4.7.500 Server busy. Please slow down",
    ],
)
def test_a_reply_about_our_rate_throttles(phase: Phase, reply: str) -> None:
    assert verdict(phase, reply) is Verdict.THROTTLED


def test_too_many_recipients_defers() -> None:
    assert verdict(Phase.RCPT, "452 4.5.3 too many recipients") is Verdict.DEFERRED


@pytest.mark.parametrize("reply", ["552 too many recipients", "552 5.5.3 too many recipients"])
def test_552_on_rcpt_counts_as_452(reply: str) -> None:
    assert verdict(Phase.RCPT, reply) is Verdict.DEFERRED
    assert verdict(Phase.DOT, reply) is Verdict.REJECTED


@pytest.mark.parametrize("phase", RECIPIENT)
@pytest.mark.parametrize("reply", ["452 4.2.2 mailbox full", "552 5.2.2 over quota"])
def test_a_full_mailbox_is_a_soft_bounce(phase: Phase, reply: str) -> None:
    assert verdict(phase, reply) is Verdict.FULL


@pytest.mark.parametrize("phase", RECIPIENT)
@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1"])
def test_a_dead_address_is_dead(phase: Phase, status: str) -> None:
    assert verdict(phase, f"550 {status} no such user") is Verdict.NO_SUCH_ADDRESS


@pytest.mark.parametrize("phase", [*OPENING, *MESSAGE])
@pytest.mark.parametrize(
    "reply",
    ["550 5.7.1 relaying denied", "554 5.7.26 not authenticated", "550 5.7.515 access denied"],
)
def test_5_7_x_is_policy_about_us(phase: Phase, reply: str) -> None:
    assert verdict(phase, reply) is Verdict.BLOCKED


@pytest.mark.parametrize("phase", [*OPENING, *MESSAGE])
@pytest.mark.parametrize("code", [421, 450, 451])
@pytest.mark.parametrize("number", [23, 27, 29, 30, 31, 32])
def test_4_7_x_about_our_authentication_is_policy_about_us(
    phase: Phase, code: int, number: int
) -> None:
    assert verdict(phase, f"{code} 4.7.{number} no PTR; your mail is rate limited") is (
        Verdict.BLOCKED
    )


@pytest.mark.parametrize("phase", RECIPIENT)
@pytest.mark.parametrize(
    "reply",
    [
        "550 5.0.0 no",
        "550 no such user",  # no code to say that the address is dead
        "550 5.1.11 moved",  # begins as 5.1.1
        "550 5.2.10 what",
        "553 5.1.8 bad sender",
        "554 5.6.0 malformed",
        "556 domain takes no mail",
        "550 the code 5.1.1 in the middle says nothing",
        "550 5.1.1: glued",
        "550 15.1.1 no code",
    ],
)
def test_another_5xx_rejects_this_delivery_and_does_not_condemn_the_address(
    phase: Phase, reply: str
) -> None:
    assert verdict(phase, reply) is Verdict.REJECTED


@pytest.mark.parametrize("phase", [*OPENING, Phase.MAIL])
@pytest.mark.parametrize("reply", ["500 what", "535 5.7.8 wrong password", "550 5.1.1 who", "554"])
def test_5xx_before_the_recipient_is_named_is_our_fault(phase: Phase, reply: str) -> None:
    assert verdict(phase, reply) is Verdict.BLOCKED


@pytest.mark.parametrize("reply", ["354 go ahead", "334 what"])
def test_an_answer_to_the_dot_that_is_none_leaves_it_unknown(reply: str) -> None:
    assert verdict(Phase.DOT, reply) is Verdict.UNKNOWN


def test_no_reply_is_without_a_verdict_and_none_but_2xx_to_the_dot_is_sent() -> None:
    for phase in Phase:
        for code in range(200, 600):
            judged = judge(phase, Reply(code, "")).verdict
            assert (judged is Verdict.SENT) == (phase is Phase.DOT and code < 300)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("5.1.1 no such user", "5.1.1"),
        ("5.1.10 null MX", "5.1.10"),
        ("5.1.1\nno such user", "5.1.1"),
        ("4.2.2", "4.2.2"),
        ("2.0.0 ok", "2.0.0"),
        ("the address\nis not known\n5.1.1 here", "5.1.1"),
        ("no such user\nsaid 5.1.1", ""),
        ("no such user 5.1.1", ""),
        ("3.1.1 no such class", ""),
        ("5.1 short", ""),
        ("5.1.1.1 long", ""),
        ("", ""),
    ],
)
def test_the_enhanced_code_stands_first_in_a_line_or_is_none(text: str, status: str) -> None:
    assert Reply(550, text).enhanced == status


def test_an_outcome_keeps_the_reply_but_not_without_end() -> None:
    assert judge(Phase.RCPT, Reply(550, "5.1.1 no")).reply == "550 5.1.1 no"
    assert len(judge(Phase.RCPT, Reply(550, "x" * 10_000)).reply) == 500
