"""The structure of the code, measured: ``python -m tests.structure`` prints it.

Lines by package, modules by folder, import cycles (also of imports inside functions),
functions that are too long, and private words that the trade has a standard one for.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PACKAGES = ("newsletter", "client/dataset_daily")
LINES_OF_A_MODULE = 300
LINES_OF_A_FUNCTION = 50
MODULES_OF_A_FOLDER = 15

# Variables that do not say what is in them.
VAGUE = frozenset(("told", "found", "said", "asked", "held", "each"))
# Names that had a private word, by the standard one that they have now.
RENAMED = {
    "addresses.py": "email_address.py, fetching/ip_ranges.py",
    "again.py": "issue_run/retry.py",
    "among.py": "queue/any_of.py",
    "arrivals.py": "upload_api.py",
    "asking": "tables/querying",
    "bookkeeper.py": "sending/db_executor.py",
    "books.py": "sending/worker_store.py",
    "child.py": "tables/sandbox.py",
    "clean.py": "running/child_environ.py",
    "complaints.py": "validation_messages.py",
    "consequences.py": "issue_run/outcome_effects.py",
    "described.py": "posts/posts.py",
    "elsewhere.py": "external_viewers.py",
    "entries.py": "feeds/feed_entries.py",
    "exchange.py": "fetching/http_exchange.py",
    "family.py": "engine/process_group.py",
    "guarded.py": "tables/duckdb_sandbox.py",
    "halting.py": "issue_run/pause.py",
    "held.py": "sending/claims.py, running/run_published.py",
    "holes.py": "mailing/placeholders.py",
    "lanes.py": "sending/domain_throttle.py",
    "limits.py of the package": "rates.py",
    "made_with.py": "site/showcase.py",
    "mondays.py": "feeds/calendar_feed.py",
    "narrowing.py": "site/archive_filter.py",
    "offers.py": "submissions/form.py",
    "passes.py": "profiling/aggregate_queries.py",
    "pinned.py": "fetching/pinned_connections.py",
    "places.py": "queue/claim_cursor.py",
    "quoted.py": "mailing/quoted_printable.py",
    "roles.py": "charts/column_roles.py",
    "safe.py": "reading/sanitize.py",
    "several.py": "catalog/multi_table.py",
    "shelf.py of the server": "querying/table_cache.py",
    "shortcuts.py": "sending/pg_fast_path.py",
    "slots.py of the web": "services",
    "stock.py": "sending/prefetch.py",
    "stored.py": "responses/file_responses.py",
    "suggestion.py of the web": "services",
    "taking_part.py": "site/contribute.py",
    "tellings.py": "issue_run/post_exposure.py",
    "trials.py": "reading/type_trials.py",
    "upkeep": "catalog/checks",
    "uses.py": "posts/posts.py",
    "written.py": "reading/parsed_post.py",
}
RENAMED_DEFINITIONS = {
    "bring": "download",
    "bring_draft": "upsert_draft",
    "bring_in": "import_csv",
    "bring_up": "upsert",
    "bury": "remove_lock_files",
    "carry": "serve_connection",
    "doubt": "invalidate",
    "enlisted": "registered",
    "fallen": "crashed",
    "forget_strangers": "purge_submitter_addresses",
    "free_the_dead": "release_crashed",
    "listen_to_readers": "check_breakers",
    "receive": "store_upload",
    "stumble": "record_connection_failure",
    "take_in": "import_files",
    "tell_of_submissions": "notify_submissions",
}
# In documents, templates and sentences: what the trade has another word for.
PRIVATE_PHRASES = re.compile(
    r"ways? out for (the )?mail|other ways out|the (whole )?house\b|\bholes?\b|looked after"
    r"|upkeep|(its|the) books\b|\bis carried\b|owed? (them )?a confirmation|a clock looks",
    re.IGNORECASE,
)


@cache
def modules() -> tuple[Path, ...]:
    """The program's modules; migrations are history, and are left as they were."""
    return tuple(
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.relative_to(ROOT).parts or path.parent.name != "versions"
    )


def lines_by_package() -> Counter[str]:
    """Lines of Python by the first two names of their path."""
    lines: Counter[str] = Counter()
    for path in modules():
        lines["/".join(path.relative_to(ROOT).parent.parts[:2])] += _length(path)
    return lines


def modules_by_folder() -> Counter[str]:
    """How many modules stand beside each other; ``__init__`` is the folder's own."""
    return Counter(
        str(path.parent.relative_to(ROOT)) for path in modules() if path.name != "__init__.py"
    )


def import_cycles() -> list[list[str]]:
    """Groups of modules that import each other, at whatever depth the import stands."""
    graph = grimp.build_graph("newsletter", cache_dir=None)
    return cycles({name: graph.find_modules_directly_imported_by(name) for name in graph.modules})


def long_functions() -> Iterator[str]:
    for path in modules():
        for node in ast.walk(_parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LINES_OF_A_FUNCTION:
                    yield f"{_at(path, node)} {node.name}: {length} lines"


def private_names() -> Iterator[str]:
    """Modules, definitions and variables whose name is none that a professional expects."""
    for path in modules():
        for name in (path.name, *path.relative_to(ROOT).parent.parts):
            if name in RENAMED:
                yield f"{path.relative_to(ROOT)}: {name} is {RENAMED[name]}"
        for node in ast.walk(_parsed(path)):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    if name in RENAMED_DEFINITIONS:
                        yield f"{_at(path, node)} {name}() is {RENAMED_DEFINITIONS[name]}()"
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) if name in VAGUE:
                    yield f"{_at(path, node)} {name} does not say what is in it"


def private_phrases() -> Iterator[str]:
    """Where documents and templates speak in words of their own."""
    prose = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "templates").rglob("*.*")]
    for path in prose:
        if path.name == "CHANGELOG.md":  # history
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for phrase in PRIVATE_PHRASES.finditer(line):
                yield f"{path.relative_to(ROOT)}:{number} {phrase.group()}"


def cycles(imports: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected groups of more than one module (Tarjan, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for imported in imports[name]:
            if imported not in index:
                visit(imported)
            if imported in stack:
                low[name] = min(low[name], low[imported])
        if low[name] == index[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                groups.append(sorted(stack[at:]))
            del stack[at:]

    for name in sorted(imports):
        if name not in index:
            visit(name)
    return groups


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _length(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def _at(path: Path, node: ast.stmt | ast.expr | ast.arg) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def main() -> int:
    for package, lines in lines_by_package().most_common():
        print(f"{lines:7,} lines  {package}")
    for folder, count in modules_by_folder().most_common(8):
        print(f"{count:7} modules  {folder}")
    problems = {
        "import cycles": [" <-> ".join(cycle) for cycle in import_cycles()],
        f"functions over {LINES_OF_A_FUNCTION} lines": list(long_functions()),
        "private names": list(private_names()),
        "private phrases": list(private_phrases()),
    }
    for title, places in problems.items():
        print(f"{title}: {len(places)}")
        for place in places:
            print(f"    {place}")
    return 1 if any(problems.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
