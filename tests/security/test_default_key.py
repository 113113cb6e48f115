"""Row "default key": nothing starts with a secret that is missing, or known to others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

KNOWN = {
    "Superset's": "\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h",
    "Superset's next": "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET",
    "a placeholder": "please-change-me-0123456789-abcdefgh",
    "another": "replace_this_with_a_long_random_value",
    "of a tutorial": "your-secret-key-goes-here-0123456789",
    "of a sample file": "example-secret-key-for-development-only",
    "of Django": "django-insecure-x2v9q!a8s7d6f5g4h3j2k1l0",
    "one character": "a" * 64,
    "short": "dev",
}
STARTS = [("web",), ("clock",), ("worker", "--once"), ("run",), ("db", "upgrade"), ("doctor",)]


@pytest.fixture
def elsewhere(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of an installation on PostgreSQL, with no secret yet."""
    del environ["SECRET_KEY"]
    return environ | {
        "DATABASE_URL": "postgresql://news@127.0.0.1:1/news",
        "PATH": os.environ["PATH"],
    }


@pytest.mark.parametrize("command", STARTS, ids=" ".join)
def test_nothing_starts_on_postgresql_without_a_secret(
    elsewhere: dict[str, str], command: tuple[str, ...]
) -> None:
    sentence = refusal(elsewhere, *command)
    assert sentence.startswith("newsletter: SECRET_KEY: it is required with this DATABASE_URL;")
    assert not Path(elsewhere["NEWSLETTER_HOME"]).exists()


@pytest.mark.parametrize("secret", KNOWN.values(), ids=KNOWN)
def test_nothing_starts_with_a_secret_that_others_know(
    elsewhere: dict[str, str], secret: str
) -> None:
    sentence = refusal(elsewhere | {"SECRET_KEY": secret}, "db", "check")
    assert sentence.startswith("newsletter: SECRET_KEY: ")
    assert secret not in sentence


def refusal(environ: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", *command],
        env=environ,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line
