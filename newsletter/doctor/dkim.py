"""The DKIM keys of a domain: with what its mail is signed (RFC 6376, RFC 8301, RFC 8463)."""

import base64
import binascii
from collections.abc import Iterator, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.doctor.dns_lookup import Dns, parse_tags
from newsletter.doctor.findings import Finding, ok, warning, wrong

WHAT = "DKIM"
BITS_AT_LEAST = 1024  # RFC 8301 3.2: receivers must not take less
BITS_ADVISED = 2048
ED25519_OCTETS = 32


def examine_dkim(
    domains: Sequence[str], dns: Dns, named: Sequence[str], usual: Sequence[str]
) -> Iterator[Finding]:
    """Findings on the keys under the selectors that are ``named``, or else ``usual``.

    ``domains`` are those whose signature counts for the first of them. Raises
    Unanswered.
    """
    number = 0
    for selector in named or usual:
        records = [
            (name, record)
            for name in (f"{selector}._domainkey.{domain}" for domain in domains)
            for record in dns.texts(name)
        ]
        number += len(records)
        if len(records) > 1 and records[0][0] == records[1][0]:
            yield wrong(WHAT, f"{records[0][0]} has more than one key record: keep one.")
        elif records:
            yield judge_key(*records[0])
        elif named:
            yield wrong(
                WHAT,
                f"There is no key at {selector}._domainkey.{domains[0]}: publish the TXT or CNAME "
                "record that your relay shows, or correct NEWSLETTER_DKIM_SELECTORS.",
            )
    if not number and not named:
        yield warning(
            WHAT,
            f"No key of {domains[0]} is under a usual selector ({', '.join(usual)}), which proves "
            "nothing: set NEWSLETTER_DKIM_SELECTORS to the one that your relay signs with.",
        )


def judge_key(name: str, record: str) -> Finding:
    """One key record, found at ``name``."""
    tags = parse_tags(record)
    if tags is None or "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        return wrong(WHAT, f"{name} holds no key: publish the record that your relay shows.")
    if not tags["p"]:
        return wrong(WHAT, f"The key at {name} is revoked (its p= is empty): publish the new one.")
    if tags.get("s", "*") not in ("*", "email") and "email" not in tags["s"].split(":"):
        return wrong(WHAT, f"The key at {name} is not for mail (s={tags['s']}): drop its s=.")
    if "sha256" not in tags.get("h", "sha256").split(":"):
        return wrong(WHAT, f"The key at {name} takes no sha256 (h={tags['h']}): drop its h=.")
    finding = _strength(name, tags.get("k", "rsa"), tags["p"])
    if finding.state == "ok" and "y" in tags.get("t", "").split(":"):
        return warning(
            WHAT, f"The key at {name} is in test mode, so it counts for nothing: drop its t=y."
        )
    return finding


def _strength(name: str, kind: str, encoded: str) -> Finding:
    unreadable = wrong(WHAT, f"The key at {name} cannot be read: publish it again, whole.")
    try:
        key = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return unreadable
    if kind == "ed25519":
        whole = len(key) == ED25519_OCTETS
        return ok(WHAT, f"{name} has an Ed25519 key.") if whole else unreadable
    if kind != "rsa":
        return wrong(
            WHAT, f"The key at {name} is of the kind {kind!r}, which nobody checks: use rsa."
        )
    try:
        public = load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        return unreadable
    if not isinstance(public, RSAPublicKey):
        return unreadable
    if public.key_size < BITS_AT_LEAST:
        return wrong(
            WHAT,
            f"The RSA key at {name} has {public.key_size} bits, which receivers "
            f"refuse: make one of {BITS_ADVISED}.",
        )
    if public.key_size < BITS_ADVISED:
        return warning(
            WHAT,
            f"The RSA key at {name} has {public.key_size} bits: make one of "
            f"{BITS_ADVISED} at the next change.",
        )
    return ok(WHAT, f"{name} has an RSA key of {public.key_size} bits.")
