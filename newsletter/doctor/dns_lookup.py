"""Questions to the DNS, within a time that all of them share."""

import re
import time
from string import whitespace

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.rdata import Rdata

from newsletter.doctor.findings import Unanswered

SECONDS_A_QUESTION = 3.0
SECONDS_ALTOGETHER = 20.0
TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=([^;]*)", re.ASCII)


class Dns:
    """Answers of one resolver. No such name and no such record are the same: nothing."""

    def __init__(
        self, resolver: dns.resolver.Resolver, seconds: float = SECONDS_ALTOGETHER
    ) -> None:
        self._resolver = resolver
        self._ends_at = time.monotonic() + seconds

    @classmethod
    def of_this_machine(cls) -> "Dns":
        """The resolver that this machine is set up to ask, if there is one."""
        try:
            return cls(dns.resolver.Resolver())
        except dns.resolver.NoResolverConfiguration:
            return cls(dns.resolver.Resolver(configure=False))

    def texts(self, name: str) -> list[str]:
        """Each TXT record, its strings joined. Raises Unanswered, as all do here."""
        return [
            b"".join(record.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]
            for record in self._ask(name, "TXT")
        ]

    def addresses(self, name: str) -> set[str]:
        """IPv4 and IPv6, as they are usually written."""
        return {record.to_text() for kind in ("A", "AAAA") for record in self._ask(name, kind)}

    def exchangers(self, name: str) -> list[str]:
        """The hosts of the MX records; an empty one is the null MX (RFC 7505)."""
        return [
            record.exchange.to_text(omit_final_dot=True).removesuffix(".")  # type: ignore[attr-defined]
            for record in self._ask(name, "MX")
        ]

    def names_of(self, address: str) -> list[str]:
        """The names to which an address leads back (PTR)."""
        name = dns.reversename.from_address(address).to_text()
        return [record.to_text().removesuffix(".").lower() for record in self._ask(name, "PTR")]

    def _ask(self, name: str, kind: str) -> list[Rdata]:
        seconds = min(SECONDS_A_QUESTION, self._ends_at - time.monotonic())
        if seconds <= 0:
            raise Unanswered(f"The DNS was too slow to be asked for {kind} of {name}: try again.")
        absolute = f"{name.removesuffix('.')}."  # or a search list would be tried
        try:
            return list(self._resolver.resolve(absolute, kind, lifetime=seconds))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise Unanswered(
                f"Could not ask the DNS for {kind} of {name} ({type(error).__name__}), so "
                "nothing is known of it: see that this machine's resolver answers."
            ) from error


def parse_tags(record: str) -> dict[str, str] | None:
    """The tags of a DKIM or DMARC record (``tag=value;``, RFC 6376 3.2) in their order; None if it
    is no list of tags or one comes twice."""
    tags: dict[str, str] = {}
    for part in record.strip().removesuffix(";").split(";"):
        match = TAG.fullmatch(part)
        if match is None or match[1] in tags:
            return None
        tags[match[1]] = match[2].strip(whitespace)
    return tags
