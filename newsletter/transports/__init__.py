"""Ways to hand a message on: ``providers`` lists them, ``open_transport`` picks one by its URL."""

from importlib import import_module

from newsletter.errors import BadSetting
from newsletter.transports.base import Transport
from newsletter.transports.providers import BY_SCHEME


def open_transport(mail_url: str, host: str) -> Transport:
    """The transport that ``mail_url`` names; ``host`` is our own name (RFC 5321 4.1.4).

    Raises BadSetting, and MissingExtra where an optional dependency is not installed.
    """
    scheme = mail_url.partition(":")[0]
    if scheme not in BY_SCHEME:
        raise BadSetting(f"NEWSLETTER_MAIL_URL: there is no transport {scheme!r}")
    module, _, name = BY_SCHEME[scheme].transport.rpartition(".")
    transport_class = getattr(import_module(f"newsletter.transports.{module}"), name)
    transport: Transport = transport_class.from_url(mail_url, host)
    return transport
