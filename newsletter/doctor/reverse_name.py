"""The name of a host that hands mail to its readers' servers itself."""

from collections.abc import Iterator

from newsletter.doctor.dns_lookup import Dns
from newsletter.doctor.findings import Finding, ok, warning, wrong

WHAT = "reverse name"


def examine_reverse_name(address: str, own_name: str, dns: Dns) -> Iterator[Finding]:
    """Whether ``address`` has a name that leads back to it, and whether ``own_name``,
    which we say in EHLO, does too (RFC 5321 4.1.4). Raises Unanswered."""
    names = dns.names_of(address)
    confirmed = [name for name in names if address in dns.addresses(name)]
    if not names:
        yield wrong(
            WHAT,
            f"{address} has no name, and most servers refuse mail from such a host: have whoever "
            f"gave you the address set its PTR record to {own_name}.",
        )
    elif not confirmed:
        yield wrong(
            WHAT,
            f"{address} is called {names[0]}, which does not lead back to it: set an address "
            f"record of {names[0]}, or have the PTR record changed to {own_name}.",
        )
    else:
        yield ok(WHAT, f"{address} is {confirmed[0]}, and back.")
    if confirmed and own_name not in confirmed and address not in dns.addresses(own_name):
        yield warning(
            WHAT,
            f"We greet servers as {own_name}, which does not lead to {address}: set its address "
            "record, or a NEWSLETTER_BASE_URL whose host has one.",
        )
