"""How to read the file that a command is given, and what to draw of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from newsletter.catalog.package.field_types import NO_CHART, ColumnType

COLUMN_TYPES = get_args(ColumnType)


def _typed_column(text: str) -> tuple[str, str]:
    name, _, type_ = text.rpartition("=")
    if not name or type_ not in COLUMN_TYPES:
        raise click.BadParameter(f"{text!r} is not a column=type, such as id=string.")
    return name, type_


def specification(text: str) -> dict[str, Any]:
    """The chart: empty where there is to be none. Refuses what is no JSON object."""
    if text == NO_CHART:
        return {}
    try:
        spec = json.loads(Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise click.BadParameter(
            f"{text!r} is neither none nor a file with a Vega-Lite specification."
        ) from error
    if not isinstance(spec, dict):
        raise click.BadParameter(f"{text!r} holds no specification: write one object.")
    return spec


chart_option = click.option(
    "--chart",
    metavar="none|FILE",
    callback=lambda _context, _option, text: None if text is None else specification(text),
    help="No chart, or a Vega-Lite specification without data; without it, one is chosen.",
)
READ_OPTIONS = (
    click.option(
        "--stack",
        is_flag=True,
        help="One table of the files of one shape in an archive, with a column of their names.",
    ),
    click.option("--encoding", help="Such as cp1250; without it, it is found out."),
    click.option("--delimiter", help="One character, or tab."),
    click.option("--decimal", type=click.Choice([".", ","]), help="The decimal mark."),
    click.option("--header", type=click.IntRange(0, 10), help="How many rows of it; 0 for none."),
    click.option(
        "--date-order",
        type=click.Choice(["dmy", "mdy", "ymd"]),
        help="Of day, month and year where a column's digits leave it open.",
    ),
    click.option(
        "--repair",
        is_flag=True,
        help="Repair text that was decoded wrongly (Ã© is é), and HTML entities.",
    ),
    click.option(
        "--fill-down",
        multiple=True,
        metavar="COLUMN",
        help="Its empty cells go on with the one above, as merged labels of rows mean it.",
    ),
    click.option(
        "--missing",
        multiple=True,
        metavar="WORD",
        help="A cell that means no value, such as -999; may be given several times.",
    ),
    click.option(
        "--type",
        "types",
        multiple=True,
        metavar="COLUMN=TYPE",
        callback=lambda _context, _option, values: dict(map(_typed_column, values)),
        help=f"What a column holds, one of {', '.join(COLUMN_TYPES)}; several times.",
    ),
)


def how_to_read(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that say how a file is written: see ``package.ReadPackage``."""
    for option in reversed(READ_OPTIONS):
        command = option(command)
    return command
