"""The SPF record of a domain: who may send for it (RFC 7208)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from newsletter.doctor.dns_lookup import Dns
from newsletter.doctor.findings import Finding, ok, warning, wrong

WHAT = "SPF"
LOOKUPS_AT_MOST = 10  # RFC 7208 4.6.4
MECHANISM = re.compile(r"(?P<qualifier>[+?~-]?)(?P<name>[a-z0-9]+)(?P<value>[:/].*)?", re.I)
MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9._-]*)=(?P<value>.*)", re.I)
WITH_VALUE = {"include", "exists", "ip4", "ip6"}
ASK_THE_DNS = {"include", "a", "mx", "ptr", "exists", "redirect"}
MECHANISMS = {"all", "a", "mx", "ptr"} | WITH_VALUE


@dataclass(frozen=True, slots=True)
class Term:
    """A mechanism, or the modifier ``redirect``; other modifiers are left out."""

    qualifier: str
    name: str
    value: str


@dataclass
class _Walk:
    """What following a record's includes comes to."""

    lookups: int = 0
    domains: set[str] = field(default_factory=set)  # included or redirected to
    permits: list[tuple[str, "Term"]] = field(default_factory=list)  # domain and term
    faults: list[str] = field(default_factory=list)  # each makes receivers ignore it all


def examine_spf(
    domain: str, dns: Dns, sources: str, returns_here: bool = True
) -> Iterator[Finding]:
    """Findings on the record of ``domain``.

    ``sources`` is what our mail provider needs in it, such as ``include:spf.mtasv.net``.
    Without ``returns_here`` the relay's own domain is the envelope sender: then
    a record that is missing or lacks it costs little. Raises Unanswered.
    """
    lacking = wrong if returns_here else warning
    records = spf_records(domain, dns)
    if not records:
        yield lacking(
            WHAT, f'There is no SPF record: add at {domain} the TXT record "v=spf1 {sources} ~all".'
        )
        return
    if len(records) > 1:
        yield wrong(
            WHAT,
            f"{domain} has {len(records)} SPF records, so receivers use none of them: "
            "join them into one.",
        )
        return
    walk = _Walk()
    terms = _follow(domain, records[0], dns, walk)
    yield from (wrong(WHAT, fault) for fault in walk.faults[:1])
    if not walk.faults:
        yield from _openness(domain, terms, walk)
        if _is_covered(sources, walk, dns):
            yield ok(
                WHAT,
                f"{domain} has one record, which takes {walk.lookups} of {LOOKUPS_AT_MOST} "
                "questions to the DNS.",
            )
        else:
            yield lacking(
                WHAT,
                f"The SPF record of {domain} leaves out who sends for you: change it to "
                f'"{_with_source(records[0], sources)}".',
            )


def spf_records(domain: str, dns: Dns) -> list[str]:
    """RFC 7208 4.5: the version must stand alone before the first space."""
    return [text for text in dns.texts(domain) if text.split(" ", 1)[0].lower() == "v=spf1"]


def parse_terms(record: str) -> list[Term]:
    """Raises ValueError, which names the term that is none."""
    terms = []
    for text in record.split()[1:]:
        if modifier := MODIFIER.fullmatch(text):
            if modifier["name"].lower() == "redirect":
                terms.append(Term("+", "redirect", modifier["value"]))
            continue
        match = MECHANISM.fullmatch(text)
        name = match["name"].lower() if match else ""
        value = (match["value"] or "").removeprefix(":") if match else ""
        if match is None or name not in MECHANISMS or (name in WITH_VALUE and not value):
            raise ValueError(text)
        _check_network(text, name, value)
        terms.append(Term(match["qualifier"] or "+", name, value))
    return terms


def _check_network(text: str, name: str, value: str) -> None:
    try:
        if name == "ip4":
            IPv4Network(value, strict=False)
        elif name == "ip6":
            IPv6Network(value, strict=False)
    except ValueError:
        raise ValueError(text) from None


def _follow(domain: str, record: str, dns: Dns, walk: _Walk) -> list[Term]:
    """Count what evaluating ``record`` asks of the DNS, at worst."""
    try:
        terms = parse_terms(record)
    except ValueError as error:
        walk.faults.append(
            f"The SPF record of {domain} has the term {str(error)!r}, which is none, so "
            "receivers ignore the whole record: correct it."
        )
        return []
    for term in terms:
        if term.qualifier == "+":
            walk.permits.append((domain, term))
        if term.name in ASK_THE_DNS:
            walk.lookups += 1
        if walk.lookups > LOOKUPS_AT_MOST:
            walk.faults.append(
                f"Evaluating the SPF record takes more than {LOOKUPS_AT_MOST} questions to the "
                f"DNS (the limit is passed at {domain}), so receivers ignore it: drop includes "
                "that you no longer need, or write their addresses as ip4: and ip6:."
            )
        if walk.faults:
            break
        if term.name in ("include", "redirect"):
            _step_into(domain, term, dns, walk)
    return terms


def _step_into(domain: str, term: Term, dns: Dns, walk: _Walk) -> None:
    target = term.value.lower().removesuffix(".")
    walk.domains.add(target)
    if "%" in target:  # a macro: it depends on the message
        return
    records = spf_records(target, dns)
    if len(records) == 1:
        _follow(target, records[0], dns, walk)
        return
    how_many = "no SPF record" if not records else f"{len(records)} SPF records"
    walk.faults.append(
        f"The SPF record of {domain} refers to {target}, which has {how_many}, so receivers "
        "ignore it all: take that out, or have it mended there."
    )


def _openness(domain: str, terms: list[Term], walk: _Walk) -> Iterator[Finding]:
    everybody = next((term for term in terms if term.name == "all"), None)
    if everybody is not None and everybody.qualifier == "+":
        yield wrong(
            WHAT,
            f"The SPF record of {domain} ends in +all, which lets everybody send in your name: "
            "make it ~all.",
        )
    elif everybody is not None and everybody.qualifier == "?":
        yield warning(
            WHAT, f"The SPF record of {domain} ends in ?all, which says nothing: make it ~all."
        )
    elif everybody is None and all(term.name != "redirect" for term in terms):
        yield warning(
            WHAT,
            f"The SPF record of {domain} does not say what becomes of all others: end it in ~all.",
        )
    if any(term.name == "ptr" for term in terms):
        yield warning(
            WHAT,
            f"The SPF record of {domain} has ptr, which receivers may skip (RFC 7208 5.5): write "
            "addresses or an include instead.",
        )


def _is_covered(source: str, walk: _Walk, dns: Dns) -> bool:
    """Whether ``source`` is in what was walked. Only an include and an address can be
    looked for: a relay may send from other hosts than the one that we hand mail to."""
    kind, _, value = source.partition(":")
    if kind == "include":
        return value in walk.domains
    if kind in ("ip4", "ip6"):
        return any(_permits(term, domain, value, dns) for domain, term in walk.permits)
    return True


def _permits(term: Term, domain: str, address: str, dns: Dns) -> bool:
    if term.name in ("ip4", "ip6"):
        return ip_address(address) in ip_network(term.value, strict=False)
    host, _, length = term.value.partition("/")
    hosts = [host or domain]
    if term.name == "mx":
        hosts = dns.exchangers(hosts[0])
    elif term.name != "a":
        return False
    if not length:
        return any(address in dns.addresses(name) for name in hosts)
    return any(
        ip_address(address) in ip_network(f"{resolved}/{length.partition('/')[0]}", strict=False)
        for name in hosts
        for resolved in dns.addresses(name)
        if ip_address(resolved).version == ip_address(address).version == 4
    )


def _with_source(record: str, source: str) -> str:
    """The record with one more term before its end."""
    terms = record.split()
    ends = [at for at, term in enumerate(terms) if re.match(r"[+?~-]?all$|redirect=", term, re.I)]
    at = ends[0] if ends else len(terms)
    return " ".join([*terms[:at], source, *terms[at:]])
