"""Doctor: what is wrong with this installation, and what to do about it."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from newsletter import migrations
from newsletter.cli.context import as_json, found_installation, print_json
from newsletter.errors import NewsletterError
from newsletter.installation import Installation
from newsletter.settings import Settings
from newsletter.transports import open_transport
from newsletter.transports.smtp import SmtpTransport

FREE_BYTES_AT_LEAST = 500 * 1024 * 1024

Finding = tuple[str, str, str]  # what was looked at, "ok" | "warning" | "wrong", a sentence


@click.command("doctor")
@as_json
def doctor(as_json: bool) -> None:
    """Look at settings, database, storage, mail and disk. Exit 1 if anything is wrong."""
    findings = list(examine(found_installation()))
    if as_json:
        print_json([{"what": w, "state": s, "sentence": t} for w, s, t in findings])
    else:
        for what, state, sentence in findings:
            mark = {"ok": "✓", "warning": "!", "wrong": "✗"}[state]
            click.echo(f"{mark} {what}: {sentence}")
    if any(state == "wrong" for _, state, _ in findings):
        sys.exit(1)


def examine(installation: Installation) -> Iterator[Finding]:
    """Each finding, in the order in which one would mend them."""
    settings = installation.settings
    yield from _settings(settings)
    yield _guarded("database", lambda: _database(installation))
    yield _guarded("storage", lambda: _storage(settings))
    yield _guarded("mail", lambda: _mail(settings))
    yield _guarded("disk", lambda: _disk(settings.home))


def _settings(settings: Settings) -> Iterator[Finding]:
    if not settings.postal_address:
        yield (
            "settings",
            "warning",
            "NEWSLETTER_POSTAL_ADDRESS is empty: bulk mail must carry one in most countries.",
        )
    if not settings.is_https and not settings.mail_url.startswith("maildir:"):
        yield (
            "settings",
            "warning",
            "NEWSLETTER_BASE_URL is not https: mail readers will show no unsubscribe button.",
        )
    yield ("settings", "ok", f"the site is {settings.base_url}, mail is from {settings.mail_from}.")


def _database(installation: Installation) -> Finding:
    if not migrations.is_current(installation.db):
        if installation.db.is_sqlite:
            return ("database", "ok", "sqlite; the next command brings it up to date.")
        return ("database", "wrong", "it is not up to date: run `newsletter db upgrade`.")
    return ("database", "ok", f"{installation.db.engine.dialect.name}, up to date.")


def _storage(settings: Settings) -> Finding:
    folder = Path(settings.storage_url.removeprefix("file://"))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder):
        return ("storage", "ok", f"{folder} can be written.")


def _mail(settings: Settings) -> Finding:
    transport = open_transport(settings.mail_url, settings.host)
    if isinstance(transport, SmtpTransport):
        asyncio.run(_greet(transport))
    return ("mail", "ok", f"it goes to {transport.describe()}.")


async def _greet(transport: SmtpTransport) -> None:
    connection = await transport.open()
    await connection.quit()


def _disk(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    state = "ok" if free >= FREE_BYTES_AT_LEAST else "warning"
    return ("disk", state, f"{free / 1e9:.1f} GB are free in {home}.")


def _guarded(what: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except (NewsletterError, OSError) as error:
        return (what, "wrong", str(error))
    except Exception as error:
        return (what, "wrong", f"{type(error).__name__}: {str(error).splitlines()[0]}")


COMMANDS = (doctor,)
