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
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

from newsletter.errors import BadSetting, MissingExtra
from newsletter.host import machine
from newsletter.host.private_files import kept_secret
from newsletter.host.proxies import TrustedProxies
from newsletter.rates import Breakers, DomainRates, Rate
from newsletter.settings import values

T = TypeVar("T")
SECRET_KEY_MIN = 32
KEY_FILE = "secret_key"  # in the home
# What stands in sample files and tutorials, which everybody has read.
KNOWN_SECRET = re.compile(
    "change.?(me|this)|replace.?(me|this)|your.?(secret|key)|example|insecure|thisismys", re.I
)
# Always answered to: health checks, and a curator at the machine itself.
LOOPBACK = ("localhost", "127.0.0.1", "::1")
WITH_SECRETS = (
    *("DATABASE_URL", "NEWSLETTER_MAIL_URL", "NEWSLETTER_HEARTBEAT_URL"),
    "NEWSLETTER_OIDC_CLIENT_SECRET",
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class SendAt:
    """A weekday and a wall-clock time, in the list's time zone."""

    weekday: int  # 0: Monday
    time: time
    local: bool = False  # for those who chose a time zone, in theirs


class RequestLog(StrEnum):
    """What the log says of each request."""

    OFF = "off"  # nothing
    PATHS = "paths"  # what was asked for, the answer's status and size, how long it took
    NETWORKS = "networks"  # and the network from which it came


@dataclass(frozen=True, slots=True)
class Settings:
    """All there is to set. ``Settings.load()`` reads the environment and ``.env``."""

    home: Path
    database_url: str = field(repr=False)  # may hold a password
    secret_key: str = field(repr=False)  # empty: the one in the home, see signing_key
    bind: str  # the address at which the site listens
    port: int
    web_workers: int  # processes that serve the site
    web_threads: int  # of each
    request_log: RequestLog
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
    backups: int  # how many nights are kept; 0: none is made
    backup_folder: Path
    connections: int
    rate: Rate
    domain_rate: DomainRates
    breakers: Breakers  # what pauses an issue by itself
    trusted_hosts: tuple[str, ...]  # host names that the site answers to
    trusted_proxies: TrustedProxies  # who may say from where a request came
    posts_unconfined: bool  # where the system cannot shut in their code
    fetch_hosts: frozenset[str]  # host names that may be fetched though they resolve inside
    oidc_issuer: str  # the identity provider by which curators may sign in; empty: none
    oidc_client_id: str
    oidc_client_secret: str = field(repr=False)
    oidc_name: str  # of the provider, on the button
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
        port = _read(env, "PORT", "8000", values.port)
        base_url = _read(env, "NEWSLETTER_BASE_URL", f"http://localhost:{port}", values.base_url)
        host = urlsplit(base_url).hostname or "localhost"
        database_url = _read(env, "DATABASE_URL", f"sqlite:///{home}/newsletter.db", values.db_url)
        return cls(
            home=home,
            database_url=database_url,
            secret_key=_secret_key(env, database_url),
            bind=_read(env, "NEWSLETTER_BIND", "127.0.0.1", values.ip_address),
            port=port,
            web_workers=_read(env, "NEWSLETTER_WEB_WORKERS", machine.web_workers(), values.to_64),
            web_threads=_read(env, "NEWSLETTER_WEB_THREADS", machine.WEB_THREADS, values.to_64),
            request_log=_read(env, "NEWSLETTER_REQUEST_LOG", RequestLog.OFF, _request_log),
            base_url=base_url,
            title=_read(env, "NEWSLETTER_TITLE", "Dataset Daily", values.line),
            mail_url=_read(env, "NEWSLETTER_MAIL_URL", f"maildir:{home}/outbox", values.mail_url),
            mail_from=_read(env, "NEWSLETTER_MAIL_FROM", f"newsletter@{host}", values.mailbox),
            dkim_selectors=_read(env, "NEWSLETTER_DKIM_SELECTORS", "", values.names),
            postal_address=_read(env, "NEWSLETTER_POSTAL_ADDRESS", "", values.line),
            timezone=_read(env, "NEWSLETTER_TIMEZONE", "UTC", values.zone),
            send_at=_read(env, "NEWSLETTER_SEND_AT", "mon 09:00", _send_at),
            send_deadline=_read(env, "NEWSLETTER_SEND_DEADLINE", "12h", values.duration),
            storage_url=_read(
                env, "NEWSLETTER_STORAGE_URL", f"file://{home}/storage", values.storage_url
            ),
            backups=_read(env, "NEWSLETTER_BACKUPS", "14", values.backups),
            backup_folder=_read(env, "NEWSLETTER_BACKUP_FOLDER", f"{home}/backups", values.folder),
            connections=_read(env, "NEWSLETTER_CONNECTIONS", "8", values.connections),
            rate=_read(env, "NEWSLETTER_RATE", "", Rate.parse),
            domain_rate=_read(env, "NEWSLETTER_DOMAIN_RATE", "", DomainRates.parse),
            breakers=_read(env, "NEWSLETTER_BREAKERS", "", Breakers.parse),
            trusted_hosts=(*_read(env, "NEWSLETTER_TRUSTED_HOSTS", host, values.names), *LOOPBACK),
            trusted_proxies=_read(env, "NEWSLETTER_TRUSTED_PROXIES", "", TrustedProxies.parse),
            posts_unconfined=_read(env, "NEWSLETTER_POSTS_UNCONFINED", "no", values.is_yes),
            fetch_hosts=frozenset(_read(env, "NEWSLETTER_FETCH_HOSTS", "", values.names)),
            oidc_issuer=_read(env, "NEWSLETTER_OIDC_ISSUER", "", values.issuer),
            oidc_client_id=_oidc_client(env, "NEWSLETTER_OIDC_CLIENT_ID"),
            oidc_client_secret=_oidc_client(env, "NEWSLETTER_OIDC_CLIENT_SECRET"),
            oidc_name=_read(env, "NEWSLETTER_OIDC_NAME", "your organisation", values.line),
            heartbeat_url=_read(env, "NEWSLETTER_HEARTBEAT_URL", "", values.heartbeat_url),
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


def _read(env: Mapping[str, str], name: str, default: str | int, parse: Callable[[str], T]) -> T:
    text = env.get(name, "").strip() or str(default)
    try:
        return parse(text)
    except (ValueError, MissingExtra) as error:
        shown = "" if name in WITH_SECRETS else f" (it is {text!r})"
        raise BadSetting(f"{name}{shown}: {error}") from error


def _oidc_client(env: Mapping[str, str], name: str) -> str:
    """What the identity provider has given us, which takes both or neither."""
    text = _read(env, name, "", values.line)
    if bool(text) != bool(env.get("NEWSLETTER_OIDC_ISSUER", "").strip()):
        raise BadSetting(
            f"{name}: give NEWSLETTER_OIDC_ISSUER, NEWSLETTER_OIDC_CLIENT_ID and "
            "NEWSLETTER_OIDC_CLIENT_SECRET together, or none of them"
        )
    return text


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


def _send_at(text: str) -> SendAt:
    match = re.fullmatch(r"(\w{3}) (\d{2}):(\d{2})( local)?", text.lower())
    if not match or match[1] not in WEEKDAYS or int(match[2]) > 23 or int(match[3]) > 59:
        raise ValueError("give a weekday and a time, such as mon 09:00 or mon 09:00 local")
    if match[1] != "mon":
        raise ValueError("the issue goes out on a Monday: give mon and a time, such as mon 09:00")
    at = time(int(match[2]), int(match[3]))
    return SendAt(WEEKDAYS.index(match[1]), at, local=match[4] is not None)


def _request_log(text: str) -> RequestLog:
    try:
        return RequestLog(text.lower())
    except ValueError as error:
        raise ValueError(f"give {', '.join(RequestLog)}") from error
