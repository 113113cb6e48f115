"""What a setting may be: each function reads the text of one, and raises ValueError with what it
takes."""

import re
from datetime import timedelta
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address as parse_ip_address
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from newsletter.extras import OIDC, POSTGRES, PROCRASTINATE
from newsletter.transports.providers import BY_SCHEME

DEADLINE_AT_MOST = timedelta(days=7)  # until the next Monday


def port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError("a port is a number from 1 to 65535")
    return int(text)


def ip_address(text: str) -> str:
    try:
        return str(parse_ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError as error:
        raise ValueError("give an address of this machine, or 0.0.0.0 for all of them") from error


def check_port(url: str) -> None:
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise ValueError("the port in it is not a number from 1 to 65535") from error


def base_url(text: str) -> str:
    parts = urlsplit(text)
    check_port(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("give the site's address, such as https://news.example.org")
    return text.rstrip("/")


def heartbeat_url(text: str) -> str:
    check_port(text)
    if text and not re.match(r"https?://[^/?#]", text):
        raise ValueError("give the address to ask, such as https://hc-ping.com/UUID")
    return text


def issuer(text: str) -> str:
    """As the provider spells it, a slash at its end included."""
    if not text:
        return ""
    check_port(text)
    parts = urlsplit(text)
    is_here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    is_plain = parts.hostname and not (parts.query or parts.fragment or "@" in parts.netloc)
    if not is_plain or not (parts.scheme == "https" or is_here) or len(text) > 300:
        raise ValueError("give the provider's issuer, such as https://id.example.org/realms/news")
    OIDC.require()
    return text


def db_url(text: str) -> str:
    if text.startswith(("postgres://", "postgresql://")):
        text = "postgresql+psycopg://" + text.split("://", 1)[1]
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("give sqlite:///path/to/file.db or postgresql://user:password@host/name")
    check_port(text)
    if not text.startswith("sqlite:"):
        POSTGRES.require()
        PROCRASTINATE.require()
    return text


def line(text: str) -> str:
    if any(ord(c) < 32 for c in text):
        raise ValueError("it must be one line of text")
    return text


def mail_url(text: str) -> str:
    scheme = text.split(":", 1)[0]
    if ":" not in text or scheme not in BY_SCHEME:
        raise ValueError(f"give one of {', '.join(f'{s}:' for s in BY_SCHEME)}")
    check_port(text)
    extra = BY_SCHEME[scheme].extra
    if extra is not None:
        extra.require()
    return text


def mailbox(text: str) -> str:
    line(text)
    name, address = parseaddr(text)
    try:
        Address(display_name=name, addr_spec=address)
    except Exception as error:  # the parser's errors share no class
        raise ValueError("give one address, such as Dataset Daily <hello@example.org>") from error
    if "@" not in address:
        raise ValueError("give one address, such as Dataset Daily <hello@example.org>")
    return text


def zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except Exception as error:  # OSError, ValueError and KeyError, by the text
        raise ValueError("give a time zone's name, such as America/New_York") from error


def duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)\s*(m|h|d)", text)
    minutes = int(match[1]) * {"m": 1, "h": 60, "d": 24 * 60}[match[2]] if match else 0
    if not 0 < minutes <= DEADLINE_AT_MOST // timedelta(minutes=1):
        raise ValueError("give minutes, hours or days, such as 90m or 12h, and at most 7d")
    return timedelta(minutes=minutes)


def storage_url(text: str) -> str:
    if not text.startswith(("file://", "/")):
        raise ValueError("give a folder, such as file:///var/lib/newsletter/storage")
    return text


def to_64(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise ValueError("give a number from 1 to 64")
    return int(text)


def backups(text: str) -> int:
    if not text.isdigit() or int(text) > 366:
        raise ValueError("give how many nights are kept, from 0 (none is made) to 366")
    return int(text)


def folder(text: str) -> Path:
    if not text.startswith("/"):
        raise ValueError("give the whole path of a folder, such as /srv/newsletter/backups")
    return Path(text)


def connections(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise ValueError("give a number from 1 to 256")
    return int(text)


def is_yes(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError("say yes or no")
    return text == "yes"


def names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())
