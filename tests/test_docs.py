"""The documents say what is there: all of it, and nothing else."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from newsletter import __version__
from newsletter.cli import newsletter
from newsletter.jobs import JOBS
from newsletter.settings import variables

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINKED = [
    *PAGES,
    ROOT / "client" / "README.md",
    ROOT / "datasets" / "README.md",
    *sorted((ROOT / "docs" / "adr").glob("*.md")),
]
DECISIONS = sorted((ROOT / "docs" / "adr").iterdir())


def _names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def _commands(group: click.Group, path: str = "newsletter") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def _quoted(page: Path) -> Iterator[list[str]]:
    """The commands of a page's shell blocks, and those within its sentences, as words."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    without_blocks = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`((?:newsletter|make|[A-Z]+=\S+ make) [^`]+)`", without_blocks)
    for line in (*lines, *inline):
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if words and words[0] in ("newsletter", "make"):
            yield words


QUOTED = [(page, words) for page in PAGES for words in _quoted(page)]


def _wrong(words: list[str]) -> str | None:
    """What of a quoted newsletter command does not exist, or lacks what it needs."""
    command: click.Command = newsletter
    rest = words[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        found = command.get_command(click.Context(command), name)
        if found is None:
            return f"there is no {name} in {command.name}"
        command = found
    options = {o: p for p in command.params if isinstance(p, click.Option) for o in p.opts}
    given: set[str] = set()
    arguments = 0
    while rest:
        word = rest.pop(0)
        if word == "--help":
            continue
        if not word.startswith("-"):
            arguments += 1
        elif word not in options:
            return f"{command.name} has no {word}"
        else:
            given.add(str(options[word].name))
            if not options[word].is_flag:
                if not rest:
                    return f"{word} lacks its value"
                rest.pop(0)
    places = [p for p in command.params if isinstance(p, click.Argument)]
    if arguments > len(places):
        return f"{command.name} takes {len(places)} arguments, not {arguments}"
    return None


@pytest.mark.parametrize("variable", variables())
def test_each_setting_has_a_line_for_operators(variable: str) -> None:
    text = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{variable}` \| .+ \| .+ \|$", text, re.MULTILINE)


def test_no_line_is_of_a_setting_that_is_not_there() -> None:
    text = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    settings = text.partition("## Settings")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", settings, re.MULTILINE)) <= set(variables())


def test_the_breaker_of_complaints_is_said_to_count_nothing_until_complaints_are_taken_in() -> None:
    code = (ROOT / "newsletter").rglob("*.py")
    users = {path.name for path in code if "FeedbackKind.COMPLAINT" in path.read_text("utf-8")}
    text = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    assert ("Reports of spam are not taken in yet" in text) == (users == {"circuit_breakers.py"})


@pytest.mark.parametrize("command", list(_commands(newsletter)))
def test_each_command_is_written_about(command: str) -> None:
    assert any(
        re.search(rf"{re.escape(command)}\b", page.read_text(encoding="utf-8")) for page in PAGES
    ), f"{command} is in no document"


@pytest.mark.parametrize(("page", "words"), QUOTED, ids=[shlex.join(words) for _, words in QUOTED])
def test_each_quoted_command_exists(page: Path, words: list[str]) -> None:
    if words[0] == "newsletter":
        assert _wrong(words) is None, f"{page.name}: {shlex.join(words)}"
    else:
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        asked = {word for word in words[1:] if "=" not in word}  # the others set a variable
        assert asked <= set(targets), f"{page.name}: {shlex.join(words)}"


def test_the_readme_quotes_the_way_to_an_inbox() -> None:
    commands = [" ".join(words[:3]) for page, words in QUOTED if page.name == "README.md"]
    assert commands[0] == "make demo"
    way = ["newsletter dataset add", "newsletter subscriber import", "newsletter issue send"]
    assert [command for command in commands if command in way] == way


@pytest.mark.parametrize(
    "wrong",
    [
        "newsletter fly",
        "newsletter issue sent 2026-11-30",
        "newsletter issue send 2026-11-30 --soon",
        "newsletter issue plan --date",
        "newsletter issue send 2026-11-30 2026-12-07",
    ],
)
def test_a_wrong_command_would_be_seen(wrong: str) -> None:
    assert _wrong(shlex.split(wrong)) is not None


@pytest.mark.parametrize("page", LINKED, ids=_names(LINKED))
def test_each_local_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    local = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if link and not (page.parent / link).exists()] == []


def test_each_picture_is_shown_and_light_enough_to_load() -> None:
    text = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    pictures = sorted((ROOT / "docs" / "screens").iterdir())
    assert [p.name for p in pictures if f"screens/{p.name}" not in text] == []
    assert [p.name for p in pictures if p.stat().st_size > 200_000] == []


def test_each_image_has_words_for_those_who_do_not_see_it() -> None:
    for page in PAGES:
        images = re.findall(r"<img [^>]+>", page.read_text(encoding="utf-8"))
        assert all(re.search(r'alt="[^"]{20,}"', image) for image in images)


@pytest.mark.parametrize("decision", DECISIONS, ids=_names(DECISIONS))
def test_each_decision_says_why(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    number = re.fullmatch(r"(\d{4})-[a-z0-9-]+\.md", decision.name)
    assert number is not None
    assert text.startswith(f"# {int(number[1])}. ")
    sections = re.findall(r"^\*\*(\w+)\.\*\* \S", text, re.MULTILINE)
    assert sections[:3] == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_changelog_begins_with_this_version() -> None:
    """After what is not released yet."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *versions = re.findall(r"^## (\S+)", text, re.MULTILINE)
    assert (versions[0] if first == "Unreleased" else first) == __version__


MODULES = sorted((ROOT / "newsletter").rglob("*.py"))
ADDING = re.compile(
    r"\bAdding (?:one|a \w+) is\b", re.IGNORECASE
)  # how a registry begins to say it
REGISTRIES = [
    path for path in MODULES if ADDING.search(ast.get_docstring(ast.parse(path.read_text())) or "")
]
KNOWN_REGISTRIES = {
    *("jobs/registry.py", "transports/providers.py", "tables/reading/file_kinds.py"),
    *("web/admin/sections.py", "web/site/sections.py", "web/feeds/__init__.py", "web/errors.py"),
    *("posts/languages.py", "posts/downloads/files.py", "tables/table_formats.py"),
    *("extras.py", "cli/__init__.py"),
}


def _places() -> str:
    """The table of docs/architecture.md that says where a change belongs."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return text.partition("## Where a change belongs")[2]


@pytest.mark.parametrize("registry", REGISTRIES, ids=_names(REGISTRIES))
def test_where_a_change_belongs_names_each_registry(registry: Path) -> None:
    name = registry.relative_to(ROOT / "newsletter").as_posix()
    rows = re.findall(r"^\|.*\|$", _places(), re.MULTILINE)
    assert any(f"{name}`" in row for row in rows), f"{name} is in no row"


def test_each_registry_says_what_adding_one_takes() -> None:
    found = {path.relative_to(ROOT / "newsletter").as_posix() for path in REGISTRIES}
    assert found >= KNOWN_REGISTRIES


@pytest.mark.parametrize(
    "change",
    [
        *("a page of the site", "a page of the admin", "a job", "another notice", "a feed"),
        *("a column or a table", "a mail provider", "another kind of file", "a command"),
        "a setting",
    ],
)
def test_where_a_change_belongs_has_what_a_newcomer_looks_for(change: str) -> None:
    assert re.search(rf"^\| [^|]*\b{re.escape(change)}\b[^|]* \|", _places(), re.MULTILINE)


def test_each_place_of_a_change_is_there() -> None:
    """A path of the table is one of the newsletter's packages, or of the repository."""
    words = set(re.findall(r"`([\w./-]+(?:/|\.py))`", _places()))
    package = ROOT / "newsletter"
    roots = (package, ROOT, package / "catalog", package / "posts")
    assert [w for w in sorted(words) if not any((root / w).exists() for root in roots)] == []


def test_operators_read_of_each_job() -> None:
    text = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert {name: purpose for name, _, purpose in rows if name in {j.name for j in JOBS}} == {
        job.name: job.purpose for job in JOBS
    }
