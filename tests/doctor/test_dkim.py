"""Key records: found under a selector, and strong enough (RFC 6376, RFC 8301)."""

import base64
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.doctor.dkim import examine_dkim, judge_key
from newsletter.doctor.findings import Finding, State
from tests.doctor.zones import Zones, serving


def _encoded(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return base64.b64encode(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


def rsa_key(bits: int) -> str:
    """As long as a real one; nobody signs with it."""
    return _encoded(rsa.RSAPublicNumbers(65537, 2 ** (bits - 1) + 1).public_key())


STRONG = rsa_key(2048)
ED25519 = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
CURVE = _encoded(ec.generate_private_key(ec.SECP256R1()).public_key())


def examined(
    zones: Zones, named: tuple[str, ...] = (), usual: tuple[str, ...] = ("s1", "s2")
) -> list[Finding]:
    with serving(zones) as dns:
        return list(examine_dkim(["mail.news.test", "news.test"], dns, named, usual))


@pytest.mark.parametrize(
    ("record", "state", "said"),
    [
        (f"v=DKIM1; k=rsa; p={STRONG}", State.OK, "2048 bits"),
        (f"p={STRONG[:100]} {STRONG[100:]}", State.OK, "2048 bits"),
        (f"v=DKIM1; h=sha1:sha256; s=email; p={STRONG};", State.OK, "2048 bits"),
        (f"v=DKIM1; k=ed25519; p={ED25519}", State.OK, "Ed25519"),
        (f"v=DKIM1; t=y:s; p={STRONG}", State.WARNING, "test mode"),
        (f"v=DKIM1; p={rsa_key(2047)}", State.WARNING, "2047 bits"),
        (f"v=DKIM1; p={rsa_key(1024)}", State.WARNING, "1024 bits"),
        (f"v=DKIM1; p={rsa_key(1023)}", State.WRONG, "1023 bits"),
        ("v=DKIM1; k=rsa; p=", State.WRONG, "revoked"),
        (f"v=DKIM2; p={STRONG}", State.WRONG, "holds no key"),
        ("v=DKIM1; k=rsa", State.WRONG, "holds no key"),
        ("hello", State.WRONG, "holds no key"),
        (f"v=DKIM1; s=tlsrpt; p={STRONG}", State.WRONG, "not for mail"),
        (f"v=DKIM1; h=sha1; p={STRONG}", State.WRONG, "sha256"),
        (f"v=DKIM1; k=dsa; p={STRONG}", State.WRONG, "'dsa'"),
        (f"v=DKIM1; p={STRONG[:100]}", State.WRONG, "cannot be read"),
        ("v=DKIM1; p=not base64!", State.WRONG, "cannot be read"),
        (f"v=DKIM1; p={CURVE}", State.WRONG, "cannot be read"),
        (f"v=DKIM1; k=ed25519; p={STRONG}", State.WRONG, "cannot be read"),
    ],
    ids=count(),  # the keys are new in each process
)
def test_a_key_is_judged(record: str, state: State, said: str) -> None:
    finding = judge_key("s1._domainkey.news.test", record)
    assert (finding.what, finding.state) == ("DKIM", state)
    assert said in finding.sentence
    assert "s1._domainkey.news.test" in finding.sentence


def test_a_usual_selector_is_found() -> None:
    [finding] = examined({"s2._domainkey.mail.news.test": {"TXT": [f"p={STRONG}"]}})
    assert finding.state is State.OK


def test_a_key_behind_an_alias_is_found() -> None:
    zones = {
        "s1._domainkey.mail.news.test": {"CNAME": ["s1.u1.relay.test."]},
        "s1.u1.relay.test": {"TXT": [f"p={STRONG}"]},
    }
    assert [finding.state for finding in examined(zones, named=("s1",))] == [State.OK]


def test_a_key_of_the_domain_above_counts() -> None:
    [finding] = examined({"s1._domainkey.news.test": {"TXT": [f"p={STRONG}"]}})
    assert "s1._domainkey.news.test" in finding.sentence


def test_no_key_under_a_usual_selector_proves_nothing() -> None:
    [finding] = examined({})
    assert finding.state is State.WARNING
    assert "(s1, s2), which proves nothing" in finding.sentence


def test_no_key_under_a_selector_that_was_named_is_wrong() -> None:
    zones = {"ours._domainkey.mail.news.test": {"TXT": [f"p={STRONG}"]}}
    found, missing = examined(zones, named=("ours", "old"))
    assert found.state is State.OK
    assert missing.state is State.WRONG
    assert "old._domainkey.mail.news.test" in missing.sentence


def test_two_keys_under_one_selector_are_none() -> None:
    zones = {"s1._domainkey.mail.news.test": {"TXT": [f"p={STRONG}", "p="]}}
    [finding] = examined(zones)
    assert (finding.state, "more than one" in finding.sentence) == (State.WRONG, True)
