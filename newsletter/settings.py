"""Settings: read once from the environment, typed, complete, then frozen.

Each field below is one variable; ``docs/operator.md`` has a line on each, and
a test fails where one is missing. A wrong value raises BadSetting, whose one
line names the variable and says what it takes.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import time, timedelta
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

from newsletter.errors import BadSetting, MissingExtra
from newsletter.extras import POSTGRES, PROCRASTINATE
from newsletter.host.private_files import kept_secret
from newsletter.host.proxies import TrustedProxies
from newsletter.rates import Breakers, DomainRates, Rate
from newsletter.transports.providers import BY_SCHEME

T = TypeVar("T")
SECRET_KEY_MIN = 32
KEY_FILE = "secret_key"  # in the home
# What stands in sample files and tutorials, which everybody has read.
KNOWN_SECRET = re.compile(
    "change.?(me|this)|replace.?(me|this)|your.?(secret|key)|example|insecure|thisismys", re.I
)
# Always answered to: health checks, and a curator at the machine itself.
LOOPBACK = ("localhost", "127.0.0.1", "::1")
DEADLINE_AT_MOST = timedelta(days=7)  # until the next Monday
WITH_SECRETS = ("DATABASE_URL", "NEWSLETTER_MAIL_URL", "NEWSLETTER_HEARTBEAT_URL")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class SendAt:
    """A weekday and a wall-clock time, in the list's time zone."""

    weekday: int  # 0: Monday
    time: time
    local: bool = False  # for those who chose a time zone, in theirs


@dataclass(frozen=True, slots=True)
class Settings:
    """All there is to set. ``Settings.load()`` reads the environment and ``.env``."""

    home: Path
    database_url: str = field(repr=False)  # may hold a password
    secret_key: str = field(repr=False)  # empty: the one in the home, see signing_key
    bind: str  # the address at which the site listens
    port: int
    base_url: str  # no slash at its end
    title: str
    mail_url: str = field(repr=False)  # may hold a password
    mail_from: str
    dkim_selectors: tuple[str, ...]  # under which its keys are; empty: not known
    postal_address: str
    timezone: ZoneInfo
    send_at: SendAt
    send_deadline: timedelta
    storage_url: str
    connections: int
    rate: Rate
    domain_rate: DomainRates
    breakers: Breakers  # what pauses an issue by itself
    trusted_hosts: tuple[str, ...]  # host names that the site answers to
    trusted_proxies: TrustedProxies  # who may say from where a request came
    fetch_hosts: frozenset[str]  # host names that may be fetched though they resolve inside
    heartbeat_url: str = field(repr=False)  # asked while all runs; has a secret; empty: none

    @property
    def host(self) -> str:
        """The host name of the site, without a port."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def signing_key(self) -> str:
        """What signs links and sessions: the secret that was given, or the one that is kept in
        the home of an embedded install, where it is made when it is first needed."""
        return self.secret_key or kept_secret(self.home / KEY_FILE)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment (and ``.env`` beside us, which it overrides).

        Nothing is written. Where the database is not embedded (SQLite), the secret
        key must be given. Raises BadSetting.
        """
        env = _environment(environ)
        home = Path(env.get("NEWSLETTER_HOME") or "instance").absolute()
        port = _read(env, "PORT", "8000", _port)
        base_url = _read(env, "NEWSLETTER_BASE_URL", f"http://localhost:{port}", _base_url)
        host = urlsplit(base_url).hostname or "localhost"
        database_url = _read(env, "DATABASE_URL", f"sqlite:///{home}/newsletter.db", _database_url)
        return cls(
            home=home,
            database_url=database_url,
            secret_key=_secret_key(env, database_url),
            bind=_read(env, "NEWSLETTER_BIND", "127.0.0.1", _ip_address),
            port=port,
            base_url=base_url,
            title=_read(env, "NEWSLETTER_TITLE", "Dataset Daily", _line),
            mail_url=_read(env, "NEWSLETTER_MAIL_URL", f"maildir:{home}/outbox", _mail_url),
            mail_from=_read(env, "NEWSLETTER_MAIL_FROM", f"newsletter@{host}", _mailbox),
            dkim_selectors=_read(env, "NEWSLETTER_DKIM_SELECTORS", "", _names),
            postal_address=_read(env, "NEWSLETTER_POSTAL_ADDRESS", "", _line),
            timezone=_read(env, "NEWSLETTER_TIMEZONE", "UTC", _zone),
            send_at=_read(env, "NEWSLETTER_SEND_AT", "mon 09:00", _send_at),
            send_deadline=_read(env, "NEWSLETTER_SEND_DEADLINE", "12h", _duration),
            storage_url=_read(
                env, "NEWSLETTER_STORAGE_URL", f"file://{home}/storage", _storage_url
            ),
            connections=_read(env, "NEWSLETTER_CONNECTIONS", "8", _connections),
            rate=_read(env, "NEWSLETTER_RATE", "", Rate.parse),
            domain_rate=_read(env, "NEWSLETTER_DOMAIN_RATE", "", DomainRates.parse),
            breakers=_read(env, "NEWSLETTER_BREAKERS", "", Breakers.parse),
            trusted_hosts=(*_read(env, "NEWSLETTER_TRUSTED_HOSTS", host, _names), *LOOPBACK),
            trusted_proxies=_read(env, "NEWSLETTER_TRUSTED_PROXIES", "", TrustedProxies.parse),
            fetch_hosts=frozenset(_read(env, "NEWSLETTER_FETCH_HOSTS", "", _names)),
            heartbeat_url=_read(env, "NEWSLETTER_HEARTBEAT_URL", "", _heartbeat_url),
        )


def variables() -> list[str]:
    """The name of every environment variable that is read, in the order of the fields."""
    bare = {"database_url", "secret_key", "port"}
    return [
        f.name.upper() if f.name in bare else f"NEWSLETTER_{f.name.upper()}"
        for f in fields(Settings)
    ]


def _environment(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    if environ is not None:
        return environ
    from_file = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    return from_file | dict(os.environ)


def _read(env: Mapping[str, str], name: str, default: str, parse: Callable[[str], T]) -> T:
    text = env.get(name, "").strip() or default
    try:
        return parse(text)
    except (ValueError, MissingExtra) as error:
        shown = "" if name in WITH_SECRETS else f" (it is {text!r})"
        raise BadSetting(f"{name}{shown}: {error}") from error


def _secret_key(env: Mapping[str, str], database_url: str) -> str:
    given = env.get("SECRET_KEY", "").strip()
    if given:
        is_short = len(given) < SECRET_KEY_MIN or len(set(given)) < 8
        if is_short or KNOWN_SECRET.search(given):
            raise BadSetting(
                f"SECRET_KEY: give at least {SECRET_KEY_MIN} random characters; "
                "`python -c 'import secrets; print(secrets.token_hex(32))'` makes some"
            )
        return given
    if not database_url.startswith("sqlite"):
        raise BadSetting(
            "SECRET_KEY: it is required with this DATABASE_URL; "
            "`python -c 'import secrets; print(secrets.token_hex(32))'` makes one"
        )
    return ""


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError("a port is a number from 1 to 65535")
    return int(text)


def _ip_address(text: str) -> str:
    try:
        return str(ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError as error:
        raise ValueError("give an address of this machine, or 0.0.0.0 for all of them") from error


def _check_port(url: str) -> None:
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise ValueError("the port in it is not a number from 1 to 65535") from error


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    _check_port(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("give the site's address, such as https://news.example.org")
    return text.rstrip("/")


def _heartbeat_url(text: str) -> str:
    _check_port(text)
    if text and not re.match(r"https?://[^/?#]", text):
        raise ValueError("give the address to ask, such as https://hc-ping.com/UUID")
    return text


def _database_url(text: str) -> str:
    if text.startswith(("postgres://", "postgresql://")):
        text = "postgresql+psycopg://" + text.split("://", 1)[1]
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("give sqlite:///path/to/file.db or postgresql://user:password@host/name")
    _check_port(text)
    if not text.startswith("sqlite:"):
        POSTGRES.require()
        PROCRASTINATE.require()
    return text


def _line(text: str) -> str:
    if any(ord(c) < 32 for c in text):
        raise ValueError("it must be one line of text")
    return text


def _mail_url(text: str) -> str:
    scheme = text.split(":", 1)[0]
    if ":" not in text or scheme not in BY_SCHEME:
        raise ValueError(f"give one of {', '.join(f'{s}:' for s in BY_SCHEME)}")
    _check_port(text)
    extra = BY_SCHEME[scheme].extra
    if extra is not None:
        extra.require()
    return text


def _mailbox(text: str) -> str:
    _line(text)
    name, address = parseaddr(text)
    try:
        Address(display_name=name, addr_spec=address)
    except Exception as error:  # the parser's errors share no class
        raise ValueError("give one address, such as Dataset Daily <hello@example.org>") from error
    if "@" not in address:
        raise ValueError("give one address, such as Dataset Daily <hello@example.org>")
    return text


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except Exception as error:  # OSError, ValueError and KeyError, by the text
        raise ValueError("give a time zone's name, such as America/New_York") from error


def _send_at(text: str) -> SendAt:
    match = re.fullmatch(r"(\w{3}) (\d{2}):(\d{2})( local)?", text.lower())
    if not match or match[1] not in WEEKDAYS or int(match[2]) > 23 or int(match[3]) > 59:
        raise ValueError("give a weekday and a time, such as mon 09:00 or mon 09:00 local")
    if match[1] != "mon":
        raise ValueError("the issue goes out on a Monday: give mon and a time, such as mon 09:00")
    at = time(int(match[2]), int(match[3]))
    return SendAt(WEEKDAYS.index(match[1]), at, local=match[4] is not None)


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)\s*(m|h|d)", text)
    minutes = int(match[1]) * {"m": 1, "h": 60, "d": 24 * 60}[match[2]] if match else 0
    if not 0 < minutes <= DEADLINE_AT_MOST // timedelta(minutes=1):
        raise ValueError("give minutes, hours or days, such as 90m or 12h, and at most 7d")
    return timedelta(minutes=minutes)


def _storage_url(text: str) -> str:
    if not text.startswith(("file://", "/")):
        raise ValueError("give a folder, such as file:///var/lib/newsletter/storage")
    return text


def _connections(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise ValueError("give a number from 1 to 256")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())
