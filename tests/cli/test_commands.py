"""What holds for every command."""

import subprocess
import sys

import click
import pytest

from newsletter import __version__
from newsletter.cli import newsletter
from tests.cli.conftest import Shell


def _commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += _commands(command, (*path, name))
        else:
            found.append(((*path, name), command))
    return found


COMMANDS = _commands(newsletter)


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(p) for p, _ in COMMANDS])
def test_it_says_what_it_does(empty: Shell, path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    assert f"newsletter {' '.join(path)}" in empty.done(*path, "--help")


@pytest.mark.parametrize(
    "path", [p for p, _ in COMMANDS if p[-1] in ("show", "list", "status", "profile", "doctor")]
)
def test_what_reads_takes_json(path: tuple[str, ...]) -> None:
    assert "as_json" in {parameter.name for parameter in dict(COMMANDS)[path].params}


@pytest.mark.parametrize("path", [p for p, _ in COMMANDS])
def test_an_option_that_does_not_exist_is_wrong_usage(empty: Shell, path: tuple[str, ...]) -> None:
    assert empty(*path, "--no-such-option").exit_code == 2


def test_a_wrong_setting_stops_with_the_line_that_names_it(shell: Shell) -> None:
    shell.environ["NEWSLETTER_TIMEZONE"] = "Mars/Olympus"
    assert "NEWSLETTER_TIMEZONE" in shell.refused("dataset", "list")


def test_the_program_says_its_version() -> None:
    """As a process, from a checkout that is not installed, too."""
    said = subprocess.run(
        [sys.executable, "-m", "newsletter", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == f"newsletter, version {__version__}\n"


def test_the_version_is_said_without_loading_anything() -> None:
    """It is what people wait for first; ``make lean`` measures it."""
    listed = """if True:
        import sys
        before = set(sys.modules)
        from newsletter.cli import newsletter
        newsletter(["--version"], standalone_mode=False)
        print(*set(sys.modules) - before)
    """
    said = subprocess.run(
        [sys.executable, "-c", listed], capture_output=True, text=True, check=True
    )
    loaded = set(said.stdout.splitlines()[1].split())
    assert {name for name in loaded if name.startswith("newsletter")} == {
        "newsletter",
        "newsletter.cli",
        "newsletter.host",
        "newsletter.host.log_format",
        "newsletter.host.private_files",
    }
    others = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert others == {"newsletter", "click"}


def test_a_process_that_sends_carries_no_site_about() -> None:
    listed = "import sys, newsletter.cli.worker; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", listed], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in said.stdout.split()}
    assert "newsletter" in loaded
    assert not loaded & {
        "flask", "alembic", "apscheduler", "cryptography", "pyarrow", "vl_convert",
    }  # fmt: skip
