"""Each alert on a table that deserves it, and on its neighbour that does not."""

from typing import Any

import duckdb
import polars as pl
import pytest

from newsletter.tables.profiling.alerts import by_harm, of_reading, rejected_rows
from newsletter.tables.profiling.profile import profile_table

TYPES = {pl.String: "string", pl.Int64: "integer", pl.Float64: "number", pl.Boolean: "boolean",
         pl.Date: "date"}  # fmt: skip

WORDS = [f"word {chr(97 + at % 26)}" for at in range(40)]
SPREAD = [float(at) for at in range(40)]
NOISE = [float((at * 17) % 40) for at in range(40)]


def codes(**values: Any) -> set[str]:
    frame = pl.DataFrame(values).cast({pl.Null: pl.String})
    with duckdb.connect() as connection:
        connection.register("given", frame.to_arrow())  # which only this connection sees
        connection.execute("CREATE TABLE frame AS FROM given")
        types = [(name, TYPES[dtype.base_type()]) for name, dtype in frame.schema.items()]
        found = profile_table(connection, "frame", types)
    for alert in found["alerts"]:
        assert set(alert) == {"code", "column", "message"}
        assert alert["message"].endswith((".", "t."))
    assert found["alerts"][: sum(len(c["alerts"]) for c in found["columns"])] == [
        alert for column in found["columns"] for alert in column["alerts"]
    ]
    return {alert["code"] for alert in found["alerts"]}


def days(*extra: str) -> pl.Series:
    return pl.Series([f"2020-01-{1 + at % 28:02}" for at in range(30)] + list(extra)).str.to_date()


@pytest.mark.parametrize(
    ("code", "fires", "stays_silent"),
    [
        ("constant", [3] * 12, [3] * 11 + [4]),
        ("constant", [3, 3], [3]),
        ("constant", ["a"] * 12, ["a"] * 11 + [None]),
        ("all_null", pl.Series([None] * 12, dtype=pl.String), ["a"] + [None] * 11),
        ("mostly_missing", [1, None], [1, 2, None]),
        ("unique", list(range(40)), [0, *range(39)]),
        ("unique", [f"id {at}" for at in range(40)], SPREAD),
        ("unique", list(range(10)), list(range(9))),
        ("high_cardinality", [f"city {at % 60}" for at in range(120)], WORDS),
        ("high_cardinality", [f"city {at % 60}" for at in range(120)], [*range(60)] * 2),
        ("skewed", [1.0] * 5 + [2.0] * 14 + [1e4], SPREAD),
        ("skewed", [-1e4] + [2.0] * 14 + [1.0] * 5, [0.0, 1e4]),
        ("imbalanced", ["a"] * 19 + ["b"], ["a"] * 12 + ["b"] * 8),
        ("imbalanced", [True] * 19 + [False], [True] * 19),
        ("zeros", [0] * 10 + list(range(1, 11)), [0] * 9 + list(range(1, 12))),
        ("infinite", [1.0, float("inf")], [1.0, float("nan")]),
        ("mixed_types", [str(at) for at in range(40)] + ["n.d."], [str(at) for at in range(40)]),
        ("mixed_types", ["1", "2", "x"], WORDS),
        ("placeholder_values", [1, 2, -999], [1, 2, 999]),
        ("placeholder_values", [1.5, -9999.0], [1.5, -9998.5]),
        ("placeholder_values", ["a", " N/A "], ["a", "Nat"]),
        ("placeholder_values", days("1900-01-01"), days("1901-01-01")),
        ("personal_data", [*WORDS, "ada@example.org"], [*WORDS, "@ada", "me @ home.example"]),
        ("personal_data", [*WORDS, "+44 20 7946 0958"], [*WORDS, "2020-01-02"]),
        ("personal_data", [*WORDS, "(555) 010-1234"], [*WORDS, "1,234,567"]),
    ],
)  # fmt: skip
def test_it_warns_of(code: str, fires: Any, stays_silent: Any) -> None:
    assert code in codes(x=fires)
    assert code not in codes(x=stays_silent)


@pytest.mark.parametrize("name", ["zip", "ZIP code", "birth_postcode", "fips", "isbn"])
def test_it_warns_of_codes_that_lost_their_zeros(name: str) -> None:
    assert "leading_zeros_lost" in codes(**{name: [1234, 98765]})
    assert "leading_zeros_lost" not in codes(**{name: [12345, 98765]})
    assert "leading_zeros_lost" not in codes(**{name: ["01234", "98765"]})


@pytest.mark.parametrize("name", ["zipper_length", "mass", "topless", "recode"])
def test_it_does_not_take_every_integer_for_a_code(name: str) -> None:
    assert "leading_zeros_lost" not in codes(**{name: [1234, 98765]})


def test_it_warns_of_repeated_rows() -> None:
    assert "duplicate_rows" in codes(x=[1, 1, 2], y=["a", "a", None])
    assert "duplicate_rows" not in codes(x=[1, 1, 2], y=["a", None, None])


def test_it_tells_a_missing_value_from_another_when_rows_are_compared() -> None:
    assert "duplicate_rows" in codes(x=[1, 1], y=[None, None])
    assert "duplicate_rows" not in codes(x=[None, 1, None], y=[1, None, None])


def test_it_warns_of_columns_that_move_together() -> None:
    assert "high_correlation" in codes(x=SPREAD, y=[-2 * value for value in SPREAD])
    assert "high_correlation" not in codes(x=SPREAD, y=NOISE)


def test_it_does_not_correlate_flags() -> None:
    assert "high_correlation" not in codes(x=[0, 1] * 20, y=[1, 0] * 20)


def test_harm_comes_first() -> None:
    listed = [of_reading(code, None, code) for code in ("skewed", "mixed_types", "header_guessed")]

    assert [alert["code"] for alert in by_harm(listed)] == [
        "header_guessed", "mixed_types", "skewed"
    ]  # fmt: skip


def test_a_few_rejected_rows_are_no_alarm() -> None:
    assert rejected_rows(100, 5) == []
    (alert,) = rejected_rows(100, 6)
    assert alert["message"] == "6 rows of 100 (6%) do not fit and were rejected."


@pytest.mark.parametrize(
    ("values", "begins"),
    [([1, -999], "1 value that often stands"), ([-999, -999, 1], "2 values that often stand ")],
)
def test_one_and_several_are_spoken_of_as_such(values: list[int], begins: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE frame AS SELECT unnest(?::BIGINT[]) AS x", [values])
        profile = profile_table(connection, "frame", [("x", "integer")])
    [message] = [a["message"] for a in profile["alerts"] if a["code"] == "placeholder_values"]
    assert message.startswith(begins)
