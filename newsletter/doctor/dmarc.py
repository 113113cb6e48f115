"""The DMARC record of a domain: what becomes of mail that proves nothing (RFC 9989, RFC 7489)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsletter.doctor.dns_lookup import Dns, parse_tags
from newsletter.doctor.findings import Finding, ok, warning, wrong

WHAT = "DMARC"
POLICIES = ("none", "quarantine", "reject")
LABELS_AT_MOST = 8  # RFC 9989 4.10: of longer names only the last seven are walked


@dataclass(frozen=True, slots=True)
class Record:
    domain: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the tree walk from a domain came to."""

    organizational: str  # domain, within which relaxed alignment holds
    record: Record | None  # the one that holds for the domain
    doubled: tuple[str, ...]  # domains with more than one record, which count as none


def discover(domain: str, dns: Dns) -> Discovery:
    """Walk from ``domain`` up to its top level (RFC 9989 4.10). Raises Unanswered."""
    records_above: list[Record] = []
    doubled: list[str] = []
    for name in _walk(domain):
        records = dmarc_records(name, dns)
        if len(records) > 1:
            doubled.append(name)
        elif records:
            records_above.append(records[0])
            if records[0].tags.get("psd", "u").lower() in ("y", "n"):
                break
    organizational = _organizational(domain, records_above)
    own = [record for record in records_above if record.domain == domain]
    above = [record for record in records_above if record.domain == organizational]
    holding = next(iter((*own, *above, *records_above[-1:])), None)
    return Discovery(organizational, holding, tuple(doubled))


def dmarc_records(domain: str, dns: Dns) -> list[Record]:
    """Those that begin with the version, as they must to be one."""
    parsed = [parse_tags(text) for text in dns.texts(f"_dmarc.{domain}") if _is_dmarc(text)]
    return [Record(domain, tags) for tags in parsed if tags is not None]


def examine_dmarc(domain: str, dns: Dns, discovery: Discovery) -> Iterator[Finding]:
    """Findings on the record that holds for ``domain``. Raises Unanswered."""
    if domain in discovery.doubled or (discovery.record is None and discovery.doubled):
        yield wrong(
            WHAT,
            f"There is more than one DMARC record at _dmarc.{discovery.doubled[0]}, so receivers "
            "use none of them: keep one.",
        )
        return
    if discovery.record is None:
        broken = [text for text in dns.texts(f"_dmarc.{domain}") if _is_dmarc(text)]
        fault = "cannot be read" if broken else "is missing"
        yield wrong(
            WHAT,
            f"The DMARC record {fault}, and Gmail, Yahoo and Outlook refuse bulk mail without one: "
            f'set at _dmarc.{domain} the TXT record "v=DMARC1; p=none; rua=mailto:dmarc@{domain}".',
        )
        return
    yield _policy(domain, discovery.record)
    yield from _reports(discovery.record, discovery.organizational, dns)


def _walk(domain: str) -> list[str]:
    labels = domain.split(".")
    names = [domain]
    rest = labels[-(LABELS_AT_MOST - 1) :] if len(labels) > LABELS_AT_MOST else labels[1:]
    while rest:
        names.append(".".join(rest))
        rest = rest[1:]
    return names


def _organizational(domain: str, records: list[Record]) -> str:
    if not records:
        return domain
    last = records[-1]
    if last.tags.get("psd", "u").lower() == "y" and last.domain != domain:
        labels = domain.split(".")
        return ".".join(labels[-(last.domain.count(".") + 2) :])
    return last.domain


def _is_dmarc(text: str) -> bool:
    return text.partition(";")[0].replace(" ", "") == "v=DMARC1"


def _policy(domain: str, record: Record) -> Finding:
    inherited = record.domain != domain
    name = "sp" if inherited and "sp" in record.tags else "p"
    policy = record.tags.get(name, "").lower()
    where = f"_dmarc.{record.domain}"
    if name not in record.tags:
        return warning(WHAT, f"The record at {where} has no p=, which counts as none: add p=none.")
    if policy not in POLICIES:
        return wrong(
            WHAT,
            f"The record at {where} has {name}={policy}, which is no policy: give none, "
            "quarantine or reject.",
        )
    if policy == "none":
        return ok(
            WHAT,
            f"{where} says {name}=none, which is enough to send: once the reports are clean, "
            f"{name}=quarantine keeps forgers out.",
        )
    return ok(WHAT, f"{where} says {name}={policy}.")


def _reports(record: Record, organizational: str, dns: Dns) -> Iterator[Finding]:
    where = f"_dmarc.{record.domain}"
    if not record.tags.get("rua"):
        yield warning(
            WHAT,
            f"The record at {where} asks nobody for reports, so failures go unseen: add "
            f"rua=mailto:dmarc@{record.domain}.",
        )
        return
    for uri in record.tags["rua"].split(","):
        parts = urlsplit(uri.strip())
        target = parts.path.partition("!")[0].rpartition("@")[2].lower()
        if parts.scheme.lower() != "mailto" or not target:
            yield warning(
                WHAT, f"The rua of {where} is no mailto: address: correct {uri.strip()!r}."
            )
        elif not _takes_reports(target, record.domain, organizational, dns):
            yield warning(
                WHAT,
                f"{target} does not say that it takes reports on {record.domain}, so none are "
                f"sent: have it add at {record.domain}._report._dmarc.{target} the TXT record "
                '"v=DMARC1".',
            )


def _takes_reports(target: str, domain: str, organizational: str, dns: Dns) -> bool:
    """RFC 9990 4: another organization must agree to be reported to."""
    if target == organizational or target.endswith(f".{organizational}"):
        return True
    return any(_is_dmarc(text) for text in dns.texts(f"{domain}._report._dmarc.{target}"))
