"""Posts: list them, show one, and run their code against the data that they name."""

import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from newsletter import clock
from newsletter.cli.command_actor import unrecorded
from newsletter.cli.context import (
    as_json,
    once,
    open_installation,
    print_json,
    print_record,
    show,
    speak_up,
)
from newsletter.cli.post_runs import QUEUE, RUN_POSTS, Outcome, is_confined
from newsletter.cli.tasks import run_or_promise
from newsletter.engine.tasks.worker import run_until_idle, running_beside
from newsletter.errors import NotFound, Refused
from newsletter.models.post import Post, PostRun
from newsletter.models.task import Task
from newsletter.posts import posts
from newsletter.posts.reading.parsed_post import FORMS
from newsletter.posts.run_record import write_record
from newsletter.posts.running.folder import posts_in, run_files
from newsletter.posts.running.limits import RunLimits
from newsletter.posts.running.sandbox import why_not
from newsletter.tasks.definition import by_name


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
@click.option(
    "--all", "everything", is_flag=True, help="All posts: of DIR, or the published of the catalog."
)
@click.option("--record", is_flag=True, help="Keep what came of it beside each file.")
@click.option("--must-run", is_flag=True, help="Refuse where a post is skipped.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=RunLimits().seconds,
    show_default=True,
    help="The most that the cells of one post may take.",
)
@click.option("--background", is_flag=True, help="Let `newsletter post worker` do it.")
@click.option(
    "--allow-unconfined",
    is_flag=True,
    help="Run it with all rights of this user, should the system not be able to shut it in.",
)
@as_json
def run(
    what: str | None,
    everything: bool,
    record: bool,
    must_run: bool,
    seconds: float,
    background: bool,
    allow_unconfined: bool,
    as_json: bool,
) -> None:
    """Run code: in a fresh environment with what the post requires, on the data that it names.

    POST is one of the catalog; FILE is a .md or .ipynb in <dataset>/posts/. With --all, DIR is
    a folder of dataset folders, or one of them; without DIR, it is the whole catalog, of which
    a draft is run only by its name.
    """
    if not background:
        allow_unconfined = allow_unconfined or _is_let_run_unconfined()
    elif allow_unconfined:
        raise click.UsageError("A worker asks NEWSLETTER_POSTS_UNCONFINED, not this command.")
    limits = RunLimits(seconds=seconds, is_confined=is_confined(allow_unconfined))
    if files := _files(what, everything):
        if background:
            raise click.UsageError("--background is for posts of the catalog.")
        outcomes = [_tell(ran, as_json) for ran in _run_files(files, limits, record)]
    elif record:
        raise click.UsageError("--record is for files: the catalog keeps each run by itself.")
    else:
        task = _run_held(what, background, seconds=seconds, allow_unconfined=allow_unconfined)
        if task is None:
            return
        kept = (task.result or {"posts": []})["posts"]
        outcomes = [_tell(Outcome(**outcome), as_json) for outcome in kept]
    if as_json:
        print_json([{"post": outcome.post, **outcome.record} for outcome in outcomes])
    undone = sum((outcome.is_skipped and must_run) or outcome.has_failed for outcome in outcomes)
    if undone:
        raise Refused(f"{undone} of {len(outcomes)} did not run: see above.")


@post_group.command("worker")
@once
def worker(once: bool) -> None:
    """Run the posts that `newsletter post run --background` asks for, and nothing else.

    It runs their code: where the system can, start it as a user of its own.
    """
    speak_up()
    installation, definitions = open_installation(), by_name((RUN_POSTS,))
    if once:
        with unrecorded():
            run_until_idle(installation, definitions, QUEUE)
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running_beside(installation, definitions, QUEUE):
        stop.wait()


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


def _run_files(files: list[Path], limits: RunLimits, record: bool) -> Iterator[Outcome]:
    for path, ran in zip(files, run_files(files, limits, clock.now()), strict=True):
        if record and ran.record is not None:
            write_record(path, ran.record)
        yield Outcome.of(ran)


def _is_let_run_unconfined() -> bool:
    """What the person at the terminal says, where the system cannot shut anything in."""
    if not why_not() or not sys.stdin.isatty():
        return False
    question = f"This system cannot shut in the code of posts: {why_not()}. Run it all the same?"
    return click.confirm(question, err=True)


def _run_held(slug: str | None, background: bool, **arguments: Any) -> Task | None:
    """Run one of the catalog, or all that are published; None: it is left to a worker."""
    installation = open_installation()
    with installation.db.read() as session:
        chosen = [posts.get(session, slug)] if slug else posts.published(session)
        slugs = [post.slug for post in chosen]
    return run_or_promise(installation, RUN_POSTS, background, slugs=slugs, **arguments)


def _tell(outcome: Outcome, as_json: bool) -> Outcome:
    """Say it in one line, and below it the rest of what a post that failed said."""
    if not as_json:
        mark = "-" if outcome.is_skipped else "!" if outcome.has_failed else "+"
        first, *more = outcome.sentence.splitlines()
        click.echo(f"{mark} {outcome.post} {first}")
        for line in more:
            click.echo(f"    {line}")
    return outcome


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
