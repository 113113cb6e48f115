"""How a provider is named in NEWSLETTER_MAIL_URL: ``scheme://KEY@NAME?option=value``.

The key is percent-encoded where it holds ``/ ? # @ :``. ``?endpoint=`` sends
the requests to another address, loopback only: it is there for tests, and a
key never travels unencrypted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from newsletter.errors import BadSetting


@dataclass(frozen=True, slots=True)
class ApiUrl:
    """A provider's URL, taken apart."""

    key: str = field(repr=False)
    name: str  # what follows the @, in lower case
    options: Mapping[str, str]
    endpoint: str | None  # instead of the provider's own address; no slash at its end

    @classmethod
    def parse(cls, mail_url: str, form: str) -> "ApiUrl":
        """Read ``mail_url``, which has the same parts as ``form``, an example of it.

        The options of the form are those that may be given. Raises
        BadSetting, which shows the form and never the URL.
        """
        refusal = BadSetting(f"NEWSLETTER_MAIL_URL: give {form}")
        try:
            parts, wanted = urlsplit(mail_url), urlsplit(form)
            given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
            if not _has_the_parts_of(wanted, parts):
                raise refusal
        except ValueError:  # whose message may quote the key
            raise refusal from None
        options = dict(given)
        allowed = {"endpoint", *dict(parse_qsl(wanted.query))}
        key = unquote(parts.username or "")
        if len(options) < len(given) or not allowed.issuperset(options) or not _is_plain(key):
            raise refusal
        endpoint = options.pop("endpoint", None)
        if endpoint is not None and not _is_loopback(endpoint):
            raise BadSetting("NEWSLETTER_MAIL_URL: its endpoint may only be http://127.0.0.1:PORT")
        return cls(key, parts.hostname or "", options, endpoint and endpoint.rstrip("/"))


def _has_the_parts_of(wanted: SplitResult, given: SplitResult) -> bool:
    return (
        given.scheme == wanted.scheme
        and bool(given.username) == bool(wanted.username)
        and bool(given.hostname) == bool(wanted.hostname)
        and given.password is None
        and given.port is None
        and given.path in ("", "/")
        and not given.fragment
    )


def _is_plain(key: str) -> bool:
    """Whether it can stand in a header."""
    return key.isascii() and key.isprintable() and " " not in key


def _is_loopback(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
