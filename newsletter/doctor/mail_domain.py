"""The domain of NEWSLETTER_MAIL_FROM: what its DNS says of mail in its name."""

from collections.abc import Iterator
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import urlsplit

from newsletter.doctor.dkim import examine_dkim
from newsletter.doctor.dmarc import discover, examine_dmarc
from newsletter.doctor.dns_lookup import Dns
from newsletter.doctor.findings import Finding, guarded, ok, warning, wrong
from newsletter.doctor.spf import examine_spf
from newsletter.settings import Settings
from newsletter.transports.providers import Provider, SenderDns, provider_behind

USUAL_SELECTORS = ("default", "mail", "dkim", "s1", "s2", "k1", "selector1", "selector2", "google")


def examine_domain(settings: Settings, dns: Dns, address: str | None) -> Iterator[Finding]:
    """Findings on MX, SPF, DMARC and DKIM.

    ``address`` is ours on the internet, if mail goes straight to its readers'
    servers. Raises Unanswered where the DNS does not answer at all.
    """
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2].lower().removesuffix(".")
    if _is_local(domain):
        yield warning(
            "DNS",
            f"{domain} is no domain of the internet, so nobody can answer to it: set "
            "NEWSLETTER_MAIL_FROM to an address of yours.",
        )
        return
    provider = provider_behind(settings.mail_url)
    wanted = provider.dns if provider else None
    returns_here = wanted is None or not wanted.own_return_path
    yield from _exchangers(domain, dns.exchangers(domain), dns)
    sources = _sources(settings.mail_url, wanted, address)
    yield from guarded("SPF", examine_spf(domain, dns, sources, returns_here))
    yield from guarded("DMARC", _authentication(domain, settings.dkim_selectors, wanted, dns))
    yield _alignment(domain, provider if not returns_here else None)


def _exchangers(domain: str, hosts: list[str], dns: Dns) -> Iterator[Finding]:
    if hosts == [""]:
        yield wrong(
            "MX",
            f"{domain} says that it takes no mail (a null MX), and servers refuse mail from such "
            "a domain: set an MX record that leads to your mailbox.",
        )
    elif not hosts and not dns.addresses(domain):
        yield wrong(
            "MX",
            f"{domain} has neither an MX record nor an address, and servers refuse mail from such "
            "a domain: set an MX record that leads to your mailbox.",
        )
    elif not hosts:
        yield warning("MX", f"{domain} has no MX record: see that answers and bounces arrive.")
    else:
        yield ok("MX", f"answers and bounces go to {hosts[0]}.")


def _authentication(
    domain: str, selectors: tuple[str, ...], wanted: SenderDns | None, dns: Dns
) -> Iterator[Finding]:
    discovery = discover(domain, dns)
    yield from examine_dmarc(domain, dns, discovery)
    strict = discovery.record is not None and discovery.record.tags.get("adkim", "r").lower() == "s"
    signing = [domain] if strict else list(dict.fromkeys((domain, discovery.organizational)))
    usual = list(dict.fromkeys((*(wanted.selectors if wanted else ()), *USUAL_SELECTORS)))
    yield from guarded("DKIM", examine_dkim(signing, dns, selectors, usual))


def _alignment(domain: str, provider: Provider | None) -> Finding:
    if provider is None:
        return ok("alignment", f"envelope and From are both of {domain}, so SPF counts for DMARC.")
    return ok(
        "alignment",
        f"{provider.title} puts a return path of its own on the envelope unless you set one of "
        f"{domain} there, so DMARC rests on DKIM.",
    )


def _sources(mail_url: str, wanted: SenderDns | None, address: str | None) -> str:
    """The term of an SPF record that names who sends for us."""
    if wanted is not None:
        return f"include:{wanted.include}"
    if address is not None:
        return f"ip{ip_address(address).version}:{address}"
    host = urlsplit(mail_url).hostname or ""
    return "mx" if _is_local(host) else f"a:{host}"


def _is_local(name: str) -> bool:
    """A name or an address that means something on this machine or net alone."""
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return "." not in name or name.endswith((".localhost", ".local"))
    return True
