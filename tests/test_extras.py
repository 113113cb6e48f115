"""Each extra where it is not installed: in child processes that cannot import it."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from newsletter.errors import MissingExtra
from newsletter.extras import ARROW, OIDC, POSTGRES, PROCRASTINATE, R_DATA, RUN, SES, STATS, Extra
from newsletter.tables.ingest import IngestLimits, IngestOptions, request_for

REPOSITORY = Path(__file__).parents[1]
POST = REPOSITORY / "datasets" / "penguins" / "posts" / "02-how-much-heavier-are-males.md"
EXTRAS = (ARROW, OIDC, POSTGRES, PROCRASTINATE, R_DATA, RUN, SES, STATS)
# The packages of the extras, and what only they bring.
HIDDEN = ("authlib", "boto3", "botocore", "joserfc", "jupyter_client", "narwhals", "nbclient",
          "numpy", "pandas", "procrastinate", "psycopg", "pyarrow", "pyreadstat", "rdata", "xarray",
          "zmq")  # fmt: skip
HIDE = "import sys; sys.modules.update(dict.fromkeys({names!r}))\n"
COMMAND = "from newsletter.cli import main; main()"
READ = "from newsletter.tables.reading.worker import main; main()"
IMPORT_ALL = """
import pkgutil
from importlib import import_module
import newsletter.errors
for module in pkgutil.walk_packages(newsletter.__path__, "newsletter."):
    if module.name.endswith("__main__") or ".inside." in module.name:
        continue
    try:
        import_module(module.name)
    except (ImportError, newsletter.errors.MissingExtra):
        print(module.name)
    except AttributeError:
        assert module.name == "newsletter.migrations.env"  # which only Alembic can run
"""


def without(
    names: tuple[str, ...], code: str, *arguments: str, home: Path | None = None, **options: str
) -> subprocess.CompletedProcess[str]:
    """What ``code`` says in a process that has none of the packages ``names``."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HIDE.format(names=names) + code, *arguments],
        cwd=home,
        env={"PYTHONPATH": str(REPOSITORY), **options},
        capture_output=True,
        text=True,
    )


def refused(extra: Extra, *arguments: str, home: Path, **environ: str) -> str:
    """The one line with which a command refuses where ``extra`` is not installed."""
    done = without((extra.package,), COMMAND, *arguments, home=home, **environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_they_are_those_of_the_project_and_bring_the_package() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    optional = {
        name: {Requirement(line).name for line in lines}
        for name, lines in project["optional-dependencies"].items()
    }
    named = {e.name: {extra.package for extra in EXTRAS if extra.name == e.name} for e in EXTRAS}
    assert optional == named
    assert not {Requirement(line).name for line in project["dependencies"]} & set(HIDDEN)


@pytest.mark.parametrize("extra", EXTRAS, ids=lambda extra: extra.name)
def test_one_that_is_installed_is_not_missed(extra: Extra) -> None:
    extra.require()
    with extra.imports():
        __import__(extra.package)


def test_an_import_that_fails_says_how_to_install_it() -> None:
    with pytest.raises(MissingExtra) as caught, ARROW.imports():
        raise ImportError("a library of it is not there")
    sentence = "Reading Arrow files needs pyarrow: pip install 'dataset-daily[arrow]'."
    assert str(caught.value) == sentence


def test_postgresql_is_refused_at_the_start(tmp_path: Path) -> None:
    line = refused(POSTGRES, "issue", "list", home=tmp_path, DATABASE_URL="postgresql://u@db/news")
    assert line == (
        "newsletter: DATABASE_URL: PostgreSQL needs psycopg:"
        " pip install 'dataset-daily[postgres]'.\n"
    )


def test_ses_is_refused_at_the_start(tmp_path: Path) -> None:
    line = refused(SES, "issue", "list", home=tmp_path, NEWSLETTER_MAIL_URL="ses://us-east-1")
    assert line == (
        "newsletter: NEWSLETTER_MAIL_URL: Amazon SES needs boto3:"
        " pip install 'dataset-daily[ses]'.\n"
    )


def test_a_post_is_refused_before_anything_is_installed_for_it(tmp_path: Path) -> None:
    line = refused(RUN, "post", "run", str(POST), home=tmp_path)
    assert line == (
        "newsletter: Running a post's Python or SQL needs nbclient:"
        " pip install 'dataset-daily[run]'.\n"
    )


@pytest.mark.parametrize(
    ("magic", "extra", "purpose"),
    [
        ("ARROW1", ARROW, "Reading Arrow files"),
        ("FEA1", ARROW, "Reading Arrow files"),
        ("$FL2@(#)", STATS, "Reading files of Stata, SPSS and SAS"),
        ("RDX3\n", R_DATA, "Reading data of R"),
    ],
)
def test_a_file_is_refused_by_the_process_that_reads_it(
    tmp_path: Path, magic: str, extra: Extra, purpose: str
) -> None:
    source = tmp_path / "table"
    source.write_bytes(magic.encode() + bytes(64))
    limits = IngestLimits().for_file(source.stat().st_size)
    request = request_for(source, tmp_path, IngestOptions(limits=limits))
    command = [sys.executable, "-W", "ignore", "-c", HIDE.format(names=(extra.package,)) + READ]
    pipe = subprocess.PIPE
    environ = {"PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdin=pipe, stdout=pipe, text=True
    ) as reader:
        assert reader.stdin is not None and reader.stdout is not None  # noqa: PT018
        reader.stdin.write(f"{json.dumps(request)}\n")  # it ends when this is closed
        reader.stdin.flush()
        assert json.load(reader.stdout) == {
            "refused": f"{purpose} needs {extra.package}:"
            f" pip install 'dataset-daily[{extra.name}]'."
        }


def test_nothing_else_of_the_program_needs_one() -> None:
    done = without(HIDDEN, IMPORT_ALL)
    assert set(done.stdout.split()) == {
        "newsletter.tables.reading.readers.arrow",
        "newsletter.tables.reading.readers.programs.r_data",
        "newsletter.tables.reading.readers.programs.statistics_files",
        "newsletter.posts.running.kernel",
        "newsletter.db.postgres",
        "newsletter.engine.tasks.on_postgres",
    }, done.stderr
