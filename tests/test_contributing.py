"""CONTRIBUTING.md holds: each of its commands does what it says there.

`make dev` and `make demo` are run by tests/development/test_make_dev.py. `make test` is what runs
this, after `make check`; `make posts` is run by .ci/run, and `make lock` asks the network: of these
it is seen that they would start.
"""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from editorconfig import get_properties

from tests.makefile import ROOT, environ, make

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TEMPLATES = ("templates/admin", "templates/email", "templates/site")
COMMANDS = re.findall(r"^\| `(.+?)` \|", TEXT, re.MULTILINE)


def run(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    # pytest measures and distributes by what is in the environment of the one that runs this.
    inherited = environ(**more).items()
    clean = {name: value for name, value in inherited if not name.startswith(("PYTEST", "COV"))}
    return subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, timeout=600
    )


def run_documented(target: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the document that makes ``target``, as it stands there."""
    (command,) = [c for c in COMMANDS if shlex.split(c)[1] == target]
    return run(folder, *make(*shlex.split(command)[1:]), **more)


def recipe(target: str) -> list[str]:
    """The commands that make would run for ``target``."""
    done = run(ROOT, *make("--dry-run", target))
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\\\n", " ").splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our Makefile and settings, and hardly anything in it."""
    for name in ("Makefile", "pyproject.toml", "biome.jsonc", ".pre-commit-config.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    for folder in ("newsletter/web/static", *TEMPLATES, "tests/web"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "newsletter/__init__.py").touch()
    return tmp_path


def test_there_are_ten_commands_and_each_would_start() -> None:
    assert len(set(COMMANDS)) == 10
    for command in COMMANDS:
        assert recipe(shlex.split(command)[1]), command


def test_test_fast_runs_what_failed_first_and_stops_at_a_failure(project: Path) -> None:
    module = project / "tests/web/test_small.py"
    module.write_text("def test_a():\n    pass\n\ndef test_b():\n    assert 1 == 2\n")
    done = run_documented("test-fast", project, TESTERS="1")
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    module.write_text("def test_a():\n    assert 1 == 2\n\ndef test_b():\n    assert 1 == 2\n")
    again = run_documented("test-fast", project, TESTERS="1")
    assert again.returncode != 0
    assert re.findall(r"^FAILED \S+::(\w+)", again.stdout, re.MULTILINE) == ["test_b"]


def test_coverage_names_lines_and_holds_the_floor(project: Path) -> None:
    (project / "newsletter/half.py").write_text("def f(x):\n" + "    x += 1\n" * 20)
    module = project / "tests/web/test_half.py"
    module.write_text("import newsletter.half\n\ndef test_it():\n    pass\n")
    done = run_documented("coverage", project, TESTERS="1")
    assert "newsletter/half.py" in done.stdout
    assert "2-21" in done.stdout
    assert "1 passed" in done.stdout
    assert done.returncode != 0
    module.write_text("from newsletter.half import f\n\ndef test_it():\n    f(1)\n")
    assert run_documented("coverage", project, TESTERS="1").returncode == 0


def test_fix_mends_what_can_be_mended(project: Path) -> None:
    (project / "newsletter/untidy.py").write_text("import sys\nimport os\nx = [os,sys ]\n")
    (project / "newsletter/web/static/untidy.js").write_text("const a = 1;\nalert(!!!a);\n")
    done = run_documented("fix", project)
    assert done.returncode == 0, done.stdout + done.stderr
    tidy = (project / "newsletter/untidy.py").read_text()
    assert tidy == "import os\nimport sys\n\nx = [os, sys]\n"


RIGHT = {
    "newsletter/web/static/right.css": ".a { color: red; }\n",
    "newsletter/web/static/right.js": "alert(1);\n",
    "templates/admin/right.html": '<p id="a"></p>\n',
    "templates/site/right.html": "{% if x %}<p>x</p>{% endif %}\n",
    "templates/email/right.mjml": '<mj-text><p style="color: red">x</p></mj-text>\n',
}
WRONG = {
    "newsletter/web/static/no-such-property.css": ".a { colr: red; }\n",
    "newsletter/web/static/twice.css": ".a { color: red; color: red; }\n",
    "newsletter/web/static/constant.js": "const a = 1;\na = 2;\n",
    "newsletter/web/static/syntax.js": "const = 1;\n",
    "templates/admin/no-alt.html": '<img src="{{ x }}">\n',
    "templates/site/no-end.html": "<p>{% if x %}</p>\n",
    "templates/site/one-id.html": '<p id="a"></p><p id="a">x</p>\n',
    "templates/email/attribute.mjml": '<mj-text id="a" id="b">x</mj-text>\n',
}


def test_check_sees_what_is_wrong_in_templates_scripts_and_sheets(project: Path) -> None:
    linters = [line for line in recipe("check") if "djlint" in line or "biome" in line]
    for name, text in RIGHT.items():
        (project / name).write_text(text)
    done = [run(project, *shlex.split(line)) for line in linters]
    assert [linter.returncode for linter in done] == [0, 0, 0], done
    for name, text in WRONG.items():
        (project / name).write_text(text)
    done = [run(project, *shlex.split(line)) for line in linters]
    assert all(linter.returncode for linter in done)
    printed = "".join(linter.stdout + linter.stderr for linter in done)
    assert [name for name in WRONG if name not in printed] == []
    assert "right" not in printed


def test_ci_and_a_commit_go_by_one_list_of_checks() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert [hook["entry"] for hook in hooks] == ["make check"]
    checks = recipe("check")
    assert len(checks) >= 6
    assert recipe("test")[: len(checks)] == checks
    assert "make test" in (ROOT / ".ci/run").read_text().splitlines()


def test_hooks_refuse_a_commit_that_the_checks_refuse(project: Path, tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    cache = {"PRE_COMMIT_HOME": str(tmp_path / "cache")}
    assert run(project, "git", "init", "--quiet").returncode == 0
    done = run_documented("hooks", project, **cache)
    assert done.returncode == 0, done.stdout + done.stderr
    (project / "Makefile").write_text("check:\n\ttest -e right\n")
    assert run(project, "git", "add", ".pre-commit-config.yaml").returncode == 0
    assert run(project, *git, "commit", "-m", "Wrong", **cache).returncode != 0
    (project / "right").touch()
    done = run(project, *git, "commit", "-m", "Right", **cache)
    assert done.returncode == 0, done.stderr


def _files() -> list[Path]:
    folders = (".ci", "benchmarks", "development", "docs", "newsletter", "templates", "tests")
    inside = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    beside = (p for p in ROOT.iterdir() if not p.name.startswith((".env", ".coverage")))
    return [
        path
        for path in (*inside, *beside)
        if path.is_file() and "__pycache__" not in path.parts and b"\0" not in path.read_bytes()
    ]


def test_files_are_as_the_editor_is_told() -> None:
    wrong = [str(path.relative_to(ROOT)) for path in _files() if not _is_as_told(path)]
    assert wrong == []


def _is_as_told(path: Path) -> bool:
    rules = get_properties(str(path))
    text = path.read_bytes().decode(rules["charset"])
    lines = text.split("\n")
    wrong = {
        "indent_style": any(line.startswith("\t") for line in lines),
        "trim_trailing_whitespace": any(line != line.rstrip() for line in lines),
        "insert_final_newline": bool(text) and not text.endswith("\n"),
    }
    return not any(wrong[rule] for rule in wrong if rules[rule] in {"space", "true"})
