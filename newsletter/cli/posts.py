"""Posts: list them, show one, and run their code against the data that they name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from newsletter import clock
from newsletter.cli.context import as_json, open_installation, print_json, print_record, show
from newsletter.errors import NotFound, Refused
from newsletter.models.post import Post, PostRun
from newsletter.posts import posts
from newsletter.posts.reading.parsed_post import FORMS
from newsletter.posts.run_record import write_record
from newsletter.posts.running.folder import posts_in, run_files
from newsletter.posts.running.limits import RunLimits
from newsletter.posts.running.run import Ran
from newsletter.posts.running.run_published import run_held

SKIPPED = "skipped"


@click.group("post")
def post_group() -> None:
    """List posts, and run their code."""


@post_group.command("list")
@as_json
def list_(as_json: bool) -> None:
    """All posts, drafts too."""
    with open_installation().db.read() as session:
        show(as_json, [_record(post) for post in posts.everything(session)])


@post_group.command("show")
@click.argument("slug")
@as_json
def show_(slug: str, as_json: bool) -> None:
    """One post, and its runs."""
    with open_installation().db.read() as session:
        post = posts.get(session, slug)
        record = _record(post) | {
            "question": post.question,
            "author": post.author,
            "license": post.license,
            "requires": post.requires,
            "columns": post.columns,
        }
        runs = [_run_record(run) for run in post.runs]
    if as_json:
        print_json(record | {"data": post.data, "runs": runs})
        return
    print_record(record)
    show(False, [run | {"error": _last_line(run["error"])} for run in runs])


@post_group.command("run")
@click.argument("what", metavar="[POST|FILE|DIR]", required=False)
@click.option("--all", "everything", is_flag=True, help="All posts: of DIR, or of the catalog.")
@click.option("--record", is_flag=True, help="Keep what came of it beside each file.")
@click.option("--must-run", is_flag=True, help="Refuse where a post is skipped.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=RunLimits().seconds,
    show_default=True,
    help="The most that the cells of one post may take.",
)
@as_json
def run(
    what: str | None, everything: bool, record: bool, must_run: bool, seconds: float, as_json: bool
) -> None:
    """Run code: in a fresh environment with what the post requires, on the data that it names.

    POST is one of the catalog; FILE is a .md or .ipynb in <dataset>/posts/. With --all, DIR is
    a folder of dataset folders, or one of them; without DIR, it is the whole catalog.
    """
    limits = RunLimits(seconds=seconds)
    if files := _files(what, everything):
        all_ran = _run_files(files, limits, record)
    elif record:
        raise click.UsageError("--record is for files: the catalog keeps each run by itself.")
    else:
        all_ran = _run_held(what, limits)
    results = [_tell(ran, as_json) for ran in all_ran]
    if as_json:
        print_json([_ran_record(ran) for ran in results])
    undone = sum((ran.record is None and must_run) or ran.failed for ran in results)
    if undone:
        raise Refused(f"{undone} of {len(results)} did not run: see above.")


def _files(what: str | None, everything: bool) -> list[Path]:
    """The files that are asked for; [] where posts of the catalog are."""
    if what is None and not everything:
        raise click.UsageError("Name a post or a file, or give --all.")
    if what is None:
        return []
    path = Path(what)
    if everything:
        return posts_in(path)
    if path.suffix.removeprefix(".") not in FORMS:
        return []
    if not path.is_file():
        raise NotFound(f"There is no file {what}.")
    return [path]


def _run_files(files: list[Path], limits: RunLimits, record: bool) -> Iterator[Ran]:
    for path, ran in zip(files, run_files(files, limits, clock.now()), strict=True):
        if record and ran.record is not None:
            write_record(path, ran.record)
        yield ran


def _run_held(slug: str | None, limits: RunLimits) -> Iterator[Ran]:
    installation = open_installation()
    with installation.db.read() as session:
        slugs = [slug] if slug else [post.slug for post in posts.everything(session)]
    return run_held(installation.db, installation.storage, slugs, limits, clock.now())


def _tell(ran: Ran, as_json: bool) -> Ran:
    """Say it in one line, and below it the rest of what a post that failed said."""
    if not as_json:
        mark = "-" if ran.record is None else "!" if ran.failed else "+"
        first, *more = ran.sentence.splitlines()
        click.echo(f"{mark} {ran.name} {first}")
        for line in more:
            click.echo(f"    {line}")
    return ran


def _ran_record(ran: Ran) -> dict[str, Any]:
    if ran.record is None:
        return {"post": ran.name, "status": SKIPPED, "error": ran.note}
    return {"post": ran.name, **ran.record.model_dump(mode="json", exclude={"outputs"})}


def _record(post: Post) -> dict[str, Any]:
    run = post.last_run
    return {
        "slug": post.slug,
        "dataset": post.version.dataset.slug,
        "version": post.version.number,
        "state": post.state.value,
        "language": post.language,
        "title": post.title,
        "last_run": f"{run.status.value} on {run.at:%Y-%m-%d}" if run else None,
    }


def _run_record(run: PostRun) -> dict[str, Any]:
    return {
        "at": f"{run.at:%Y-%m-%d %H:%M} UTC",
        "status": run.status.value,
        "seconds": run.seconds,
        "versions": ", ".join(f"{name} {number}" for name, number in run.versions.items()),
        "error": run.error,
    }


def _last_line(error: str) -> str:
    return "".join(error.splitlines()[-1:])


COMMANDS = (post_group,)
