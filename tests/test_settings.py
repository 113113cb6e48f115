"""Settings are typed, complete and frozen, or the start stops with one line."""

import dataclasses
import threading
from collections.abc import Mapping
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.errors import BadSetting
from newsletter.rates import (
    Breakers,
    DomainRates,
    Rate,
    WarmUp,
)
from newsletter.settings import LOOPBACK, SendAt, Settings, variables


def load(environ: Mapping[str, str], **changes: str) -> Settings:
    return Settings.load({**environ, **changes})


def test_nothing_has_to_be_set_on_one_machine(tmp_path: Path) -> None:
    settings = Settings.load({"NEWSLETTER_HOME": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/newsletter.db"
    assert settings.mail_url == f"maildir:{tmp_path}/outbox"
    assert settings.storage_url == f"file://{tmp_path}/storage"
    assert settings.base_url == "http://localhost:8000"
    assert settings.mail_from == "newsletter@localhost"
    assert settings.timezone == ZoneInfo("UTC")
    assert settings.send_at == SendAt(0, time(9))
    assert settings.send_deadline == timedelta(hours=12)
    assert settings.rate == Rate()
    assert set(settings.trusted_hosts) == set(LOOPBACK)


def test_settings_cannot_be_changed(settings: Settings) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.title = "Another"  # type: ignore[misc]


def test_each_field_is_one_variable() -> None:
    assert len(variables()) == len(dataclasses.fields(Settings))
    assert {"DATABASE_URL", "SECRET_KEY", "PORT", "NEWSLETTER_SEND_AT"} <= set(variables())


def test_the_port_is_in_the_default_address(environ: dict[str, str]) -> None:
    del environ["NEWSLETTER_BASE_URL"]
    assert load(environ, PORT="8080").base_url == "http://localhost:8080"


@pytest.mark.parametrize(
    ("base_url", "host", "is_https"),
    [
        ("https://news.example.org", "news.example.org", True),
        ("http://News.example.org:8080/", "news.example.org", False),
    ],
)
def test_the_host_comes_from_the_base_url(
    environ: dict[str, str], base_url: str, host: str, is_https: bool
) -> None:
    settings = load(environ, NEWSLETTER_BASE_URL=base_url)
    assert settings.host == host
    assert settings.is_https is is_https
    assert settings.trusted_hosts == (host, *LOOPBACK)
    assert not settings.base_url.endswith("/")


def test_an_empty_variable_is_an_unset_one(environ: dict[str, str]) -> None:
    assert load(environ, NEWSLETTER_TITLE="  ").title == "Dataset Daily"


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("14/s", Rate(per_second=14.0)),
        ("0.5/s", Rate(per_second=0.5)),
        ("14/s, 50000/d", Rate(14.0, 50_000)),
        ("50000/d,14/s", Rate(14.0, 50_000)),
        ("warm-up 50 x2, 50000/d", Rate(None, 50_000, WarmUp(50, 2.0))),
        ("14/s, 800/d, warm-up 20 x1.5", Rate(14.0, 800, WarmUp(20, 1.5))),
    ],
)
def test_a_rate_is_read(environ: dict[str, str], text: str, rate: Rate) -> None:
    assert load(environ, NEWSLETTER_RATE=text).rate == rate


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("gmail.com 20/s", DomainRates({"gmail.com": 20.0})),
        ("Gmail.com 20/s, * 0.5/s", DomainRates({"gmail.com": 20.0}, 0.5)),
        ("", DomainRates()),
    ],
)
def test_rates_of_domains_are_read(environ: dict[str, str], text: str, rates: DomainRates) -> None:
    assert load(environ, NEWSLETTER_DOMAIN_RATE=text).domain_rate == rates


def test_a_domain_that_is_not_named_has_the_rate_of_the_others() -> None:
    rates = DomainRates({"gmail.com": 20.0}, 5.0)
    assert (rates.of("gmail.com"), rates.of("example.org")) == (20.0, 5.0)
    assert DomainRates({"gmail.com": 20.0}).of("example.org") is None


@pytest.mark.parametrize(("text", "local"), [("mon 09:00", False), ("Mon 09:00 Local", True)])
def test_the_time_is_the_lists_or_each_readers(
    environ: dict[str, str], text: str, local: bool
) -> None:
    assert load(environ, NEWSLETTER_SEND_AT=text).send_at == SendAt(0, time(9), local)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("1 d", timedelta(days=1)),
    ],
)
def test_a_deadline_is_read(environ: dict[str, str], text: str, duration: timedelta) -> None:
    assert load(environ, NEWSLETTER_SEND_DEADLINE=text).send_deadline == duration


def test_names_of_hosts_are_a_list_in_lower_case(environ: dict[str, str]) -> None:
    settings = load(
        environ,
        NEWSLETTER_TRUSTED_HOSTS="A.example, b.example,",
        NEWSLETTER_FETCH_HOSTS="c.example",
    )
    assert settings.trusted_hosts == ("a.example", "b.example", *LOOPBACK)
    assert settings.fetch_hosts == {"c.example"}


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_spelling_of_postgresql_leads_to_the_same_driver(
    environ: dict[str, str], scheme: str
) -> None:
    settings = load(environ, DATABASE_URL=f"{scheme}://u:p@db/news")
    assert settings.database_url == "postgresql+psycopg://u:p@db/news"


@pytest.mark.parametrize(
    ("text", "breakers"),
    [
        ("", Breakers(Decimal("0.02"), Decimal("0.0008"), 20)),
        ("hard 5 %, failures OFF", Breakers(Decimal("0.05"), Decimal("0.0008"), None)),
        ("complaints 0.3%,hard off, failures 7", Breakers(None, Decimal("0.003"), 7)),
    ],
)
def test_breakers_are_read(environ: dict[str, str], text: str, breakers: Breakers) -> None:
    assert load(environ, NEWSLETTER_BREAKERS=text).breakers == breakers


WRONG = [
    ("NEWSLETTER_BREAKERS", "hard"),
    ("NEWSLETTER_BREAKERS", "hard 2"),
    ("NEWSLETTER_BREAKERS", "hard 0%"),
    ("NEWSLETTER_BREAKERS", "hard 101%"),
    ("NEWSLETTER_BREAKERS", "failures 0"),
    ("NEWSLETTER_BREAKERS", "failures 2%"),
    ("NEWSLETTER_BREAKERS", "hard 2%, hard 3%"),
    ("NEWSLETTER_BREAKERS", "soft 2%"),
    ("NEWSLETTER_BREAKERS", "off"),
    ("PORT", "eighty"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("DATABASE_URL", "mysql://db/news"),
    ("DATABASE_URL", "news.db"),
    ("DATABASE_URL", "postgresql://db:port/news"),
    ("NEWSLETTER_BASE_URL", "news.example.org"),
    ("NEWSLETTER_BASE_URL", "ftp://news.example.org"),
    ("NEWSLETTER_BASE_URL", "https://news.example.org:99999"),
    ("NEWSLETTER_BASE_URL", "https://[::1"),
    ("NEWSLETTER_BASE_URL", "https://news.example.org/?a=b"),
    ("NEWSLETTER_HEARTBEAT_URL", "hc-ping.example/1"),
    ("NEWSLETTER_HEARTBEAT_URL", "https://"),
    ("NEWSLETTER_HEARTBEAT_URL", "https://hc-ping.example:port/1"),
    ("NEWSLETTER_OIDC_ISSUER", "id.example.org"),
    ("NEWSLETTER_OIDC_ISSUER", "http://id.example.org"),
    ("NEWSLETTER_OIDC_ISSUER", "https://id.example.org/?realm=news"),
    ("NEWSLETTER_OIDC_ISSUER", "https://me:hunter2@id.example.org"),
    ("NEWSLETTER_OIDC_CLIENT_ID", "without-an-issuer"),
    ("NEWSLETTER_OIDC_CLIENT_SECRET", "without-an-issuer"),
    ("NEWSLETTER_TITLE", "two\nlines"),
    ("NEWSLETTER_MAIL_URL", "carrier-pigeon://loft"),
    ("NEWSLETTER_MAIL_URL", "smtp"),
    ("NEWSLETTER_MAIL_URL", "smtp://relay.example:submission"),
    ("NEWSLETTER_MAIL_FROM", "nobody"),
    ("NEWSLETTER_MAIL_FROM", "Ann <ann@example.org>\r\nBcc: all@example.org"),
    ("NEWSLETTER_POSTAL_ADDRESS", "1 Data Street\n10001 New York"),
    ("NEWSLETTER_TIMEZONE", "Mars/Olympus_Mons"),
    ("NEWSLETTER_TIMEZONE", "../../etc/passwd"),
    ("NEWSLETTER_SEND_AT", "09:00"),
    ("NEWSLETTER_SEND_AT", "mon 24:00"),
    ("NEWSLETTER_SEND_AT", "mon 09:60"),
    ("NEWSLETTER_SEND_AT", "tue 09:00"),
    ("NEWSLETTER_SEND_AT", "mon 09:00 theirs"),
    ("NEWSLETTER_SEND_DEADLINE", "0h"),
    ("NEWSLETTER_SEND_DEADLINE", "12"),
    ("NEWSLETTER_SEND_DEADLINE", "8d"),
    ("NEWSLETTER_SEND_DEADLINE", "99999999999d"),
    ("NEWSLETTER_STORAGE_URL", "s3"),
    ("NEWSLETTER_CONNECTIONS", "0"),
    ("NEWSLETTER_CONNECTIONS", "257"),
    ("NEWSLETTER_CONNECTIONS", "many"),
    ("NEWSLETTER_RATE", "fast"),
    ("NEWSLETTER_RATE", "0/s"),
    ("NEWSLETTER_RATE", "14/h"),
    ("NEWSLETTER_RATE", "0.5/d"),
    ("NEWSLETTER_RATE", "warm-up 50 x2"),
    ("NEWSLETTER_RATE", "14/s, warm-up 50 x2"),
    ("NEWSLETTER_RATE", "40/d, warm-up 50 x2"),
    ("NEWSLETTER_RATE", "50000/d, warm-up 50 x1"),
    ("NEWSLETTER_RATE", "50000/d, warm-up 0 x2"),
    ("NEWSLETTER_RATE", "50000/d, warm-up"),
    ("NEWSLETTER_DOMAIN_RATE", "20/s"),
    ("NEWSLETTER_DOMAIN_RATE", "gmail.com 20/d"),
    ("NEWSLETTER_DOMAIN_RATE", "gmail.com 0/s"),
    ("NEWSLETTER_DOMAIN_RATE", "gmail.com 1/s, GMAIL.com 2/s"),
    ("NEWSLETTER_DOMAIN_RATE", "@gmail.com 1/s"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_stops_the_start_with_one_line_that_names_it(
    environ: dict[str, str], name: str, value: str
) -> None:
    with pytest.raises(BadSetting) as stopped:
        load(environ, **{name: value})
    line = str(stopped.value)
    assert line.startswith(name)
    assert "\n" not in line


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "NEWSLETTER_MAIL_URL", "NEWSLETTER_HEARTBEAT_URL"]
)
def test_a_wrong_value_that_may_hold_a_password_is_not_repeated(
    environ: dict[str, str], name: str
) -> None:
    with pytest.raises(BadSetting) as stopped:
        load(environ, **{name: "ftp://user:hunter2@host"})
    assert "hunter2" not in str(stopped.value)


def test_no_secret_is_in_what_settings_print(environ: dict[str, str]) -> None:
    settings = load(
        environ,
        DATABASE_URL="postgresql://u:hunter1@db/news",
        NEWSLETTER_MAIL_URL="smtp://u:hunter2@relay.example",
        NEWSLETTER_HEARTBEAT_URL="https://hc-ping.example/hunter3",
        NEWSLETTER_OIDC_ISSUER="https://id.example.org/",
        NEWSLETTER_OIDC_CLIENT_ID="news",
        NEWSLETTER_OIDC_CLIENT_SECRET="hunter4",
    )
    assert settings.oidc_issuer == "https://id.example.org/"  # as the provider spells it
    assert settings.heartbeat_url == "https://hc-ping.example/hunter3"
    printed = repr(settings)
    assert "hunter4" not in printed
    assert "hunter3" not in printed
    assert "hunter1" not in printed
    assert "hunter2" not in printed
    assert settings.signing_key not in printed


@pytest.mark.parametrize("secret", ["short", "a" * 64, "changeme", "abab" * 20])
def test_it_refuses_a_secret_that_could_be_guessed(environ: dict[str, str], secret: str) -> None:
    with pytest.raises(BadSetting, match=r"^SECRET_KEY") as stopped:
        load(environ, SECRET_KEY=secret)
    assert secret not in str(stopped.value)


def test_it_refuses_to_start_without_a_secret_on_postgresql(environ: dict[str, str]) -> None:
    del environ["SECRET_KEY"]
    with pytest.raises(BadSetting, match=r"^SECRET_KEY"):
        load(environ, DATABASE_URL="postgresql://db/news")


def test_an_embedded_install_makes_its_secret_once_and_keeps_it(tmp_path: Path) -> None:
    environ = {"NEWSLETTER_HOME": str(tmp_path)}
    first = Settings.load(environ).signing_key
    assert first == Settings.load(environ).signing_key
    assert len(first) == 64
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_reading_the_settings_writes_nothing(tmp_path: Path) -> None:
    Settings.load({"NEWSLETTER_HOME": str(tmp_path / "home")})
    assert list(tmp_path.iterdir()) == []


def test_two_homes_have_two_secrets(tmp_path: Path) -> None:
    homes = [{"NEWSLETTER_HOME": str(tmp_path / name)} for name in ("one", "two")]
    assert Settings.load(homes[0]).signing_key != Settings.load(homes[1]).signing_key


def test_first_starts_at_the_same_time_agree_on_one_secret(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    secrets: list[str] = []

    def start() -> None:
        together.wait()
        secrets.append(Settings.load({"NEWSLETTER_HOME": str(tmp_path)}).signing_key)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(secrets) == 8
    assert len(set(secrets)) == 1


def test_the_env_file_is_read_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("NEWSLETTER_TITLE=From the file\nPORT=8001\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORT", "8002")
    monkeypatch.delenv("NEWSLETTER_TITLE", raising=False)
    settings = Settings.load()
    assert settings.title == "From the file"
    assert settings.port == 8002


def test_an_identity_provider_is_set_whole_or_not_at_all(environ: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="NEWSLETTER_OIDC_CLIENT_SECRET: give "):
        load(
            environ,
            NEWSLETTER_OIDC_ISSUER="https://id.example.org",
            NEWSLETTER_OIDC_CLIENT_ID="news",
        )
