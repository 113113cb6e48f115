"""The lines that page, admin and commands show of a table's alerts."""

from typing import Any

import duckdb

from newsletter.tables.profiling.alert_lines import (
    IN_COMMON,
    SHOWN,
    AlertLine,
    alert_lines,
    shown_and_more,
)
from newsletter.tables.profiling.alerts import HARM
from newsletter.tables.profiling.profile import profile_table


def alert(code: str, column: str | None, message: str = "It is so.") -> dict[str, Any]:
    return {"code": code, "column": column, "message": message}


def lines_of(*alerts: dict[str, Any]) -> list[str]:
    return [line.text for line in alert_lines({"alerts": list(alerts)})]


def test_each_line_names_its_column_and_the_worst_is_first() -> None:
    assert lines_of(
        alert("skewed", "fare"), alert("rejected_rows", None, "Rows were."), alert("zeros", "age")
    ) == ["Rows were.", "fare: It is so.", "age: It is so."]


def test_many_columns_with_the_same_alert_have_one_line() -> None:
    few = [alert("mostly_missing", f"c{at}", f"{at}0% are missing.") for at in range(3)]
    many = [alert("mostly_missing", f"c{at}", f"{at}0% are missing.") for at in range(9)]

    assert lines_of(*few) == [f"c{at}: {at}0% are missing." for at in range(3)]
    assert lines_of(*many) == [
        "c0, c1, c2, c3, c4 and 4 more: At least half of the values are missing."
    ]


def test_a_column_with_two_alerts_of_one_kind_is_named_once() -> None:
    alerts = [alert("personal_data", f"c{at // 2}", f"{at} values.") for at in range(8)]

    (line,) = alert_lines({"alerts": alerts})

    assert line.columns == ("c0", "c1", "c2", "c3")
    assert line.needs_a_person


def test_a_table_that_was_never_profiled_has_none() -> None:
    assert alert_lines({}) == []


def test_twelve_are_shown_before_more() -> None:
    lines = [AlertLine("skewed", (f"c{at}",), "It is so.") for at in range(SHOWN + 2)]

    shown, more = shown_and_more(lines)

    assert (len(shown), len(more)) == (12, 2)


def test_what_columns_have_can_be_said_of_many() -> None:
    of_tables = {"rejected_rows", "header_guessed", "repeated_header", "total_row"}
    of_tables |= {"duplicate_rows", "encoding_guessed"}

    assert {*IN_COMMON} >= {*HARM} - of_tables


def test_a_block_of_columns_that_move_together_has_one_line() -> None:
    names = [f"c{at}" for at in range(9)]
    block = ", ".join(f"n * n + {at} * (n % 3) AS {name}" for at, name in enumerate(names))
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE TABLE t AS SELECT {block}, n * 7 % 31 AS a, -(n * 7 % 31) AS b"
            " FROM range(60) AS r(n)"
        )
        columns = [(name, "integer") for name in [*names, "a", "b"]]
        profile = profile_table(connection, "t", columns)

    lines = [line.text for line in alert_lines(profile) if line.code == "high_correlation"]

    assert len(lines) == 2
    assert lines[0].startswith("c0: Moves with c1, c2, c3, c4, c5 and 3 more (|r| from 1.00)")
    assert lines[1] == "a: Moves with b (r = -1.00): one may say it all."
