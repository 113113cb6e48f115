from typing import Any

import pytest

from newsletter.tables.profiling.profile_text import bins, landmarks, share, sparkline, summary

NONE_MISSING = {"nan_count": 0, "nan_proportion": 0.0, "unique": 9}


def numbers(low: Any, high: Any, mean: float, kind: str = "int", **more: Any) -> dict[str, Any]:
    statistics = {"min": low, "max": high, "mean": mean, "histogram": None}
    return {"name": "x", "kind": kind, **NONE_MISSING, "statistics": statistics, **more}


def labels(frequencies: dict[str, int], **more: Any) -> dict[str, Any]:
    statistics = {"frequencies": frequencies}
    return {"name": "x", "kind": "string_label", **NONE_MISSING, "statistics": statistics, **more}


@pytest.mark.parametrize(
    ("column", "line"),
    [
        (numbers(172, 231, 200.9, unit="mm"), "172–231 mm, mean 201"),
        (numbers(172, 231, 200.9, nan_proportion=0.00581), "172–231, mean 201, 1 % missing"),
        (numbers(32.1, 59.6, 43.92, "float"), "32.1–59.6, mean 43.9"),
        (numbers(0.00002, 0.5, 0.1, "float"), "2e-05 – 0.5, mean 0.1"),
        (numbers(-40, 12, -3.25), "-40 – 12, mean -3.25"),
        (numbers(5, 5, 5.0), "5"),
        (numbers(1, 1_318_683_096, 29_601_212.3), "1–1,318,683,096, mean 29,601,212"),
        (numbers(1749, 2008, 1878.5, name="year"), "1749–2008"),
        (numbers(0, 40_000, 90.5, name="light_year"), "0–40,000, mean 90.5"),
        (numbers("1749-01-01", "2008-05-06", 0, "date"), "1749–2008"),
        (numbers("2020-01-01", "2020-02-06", 0, "date"), "2020-01-01 – 2020-02-06"),
        (numbers("2013-01-01 00:00:00", "2013-12-30 00:00:00", 0, "datetime"),
         "2013-01-01 – 2013-12-30"),
        (numbers("09:00:00", "17:30:00", 0, "time"), "09:00:00–17:30:00"),
        (numbers(3, 40, 12.5, "string_text", unique=1200), "1,200 different, 3–40 characters"),
        (numbers(0, 4, 1.5, "list"), "9 different, 0–4 items"),
        (labels({"Adelie": 152, "Gentoo": 124, "Chinstrap": 68}),
         "3 values: Adelie 44 %, Gentoo 36 %, Chinstrap 20 %"),
        (labels({"a": 1, "b": 9, "c": 3, "d": 2}), "4 values: b 60 %, c 20 %, d 13 %, …"),
        (labels({"a": 999, "b": 1}), "2 values: a over 99 %, b under 1 %"),
        (labels({"yes": 4}, nan_proportion=0.2), "always yes, 20 % missing"),
        (labels({"": 3, "line\nbreak": 1}), "2 values: (empty) 75 %, line break 25 %"),
        (labels({"x" * 90: 1}), f"always {'x' * 23}…"),
        (labels({}, nan_proportion=1.0), "all missing"),
    ],
)  # fmt: skip
def test_it_says_what_a_column_holds(column: dict[str, Any], line: str) -> None:
    assert summary(column) == line


def test_a_unit_may_come_from_the_description() -> None:
    assert summary(numbers(1, 3, 2.0), unit="km") == "1–3 km, mean 2"


def test_a_sparkline_is_relative_to_its_tallest_bar() -> None:
    column = numbers(0, 9, 3.0)
    column["statistics"]["histogram"] = {"hist": [200, 100, 0, 1], "bin_edges": [0, 1, 2, 3, 4]}
    assert sparkline(column) == [100, 50, 0, 1]


def test_a_sparkline_shows_the_commonest_labels_first() -> None:
    assert sparkline(labels({"a": 1, "b": 4, "c": 2})) == [100, 50, 25]
    assert len(sparkline(labels({str(at): at + 1 for at in range(40)}))) == 10


def test_there_is_no_sparkline_of_nothing() -> None:
    assert sparkline(labels({})) == []
    assert sparkline(numbers(None, None, 0.0)) == []


@pytest.mark.parametrize(
    ("kind", "ends", "said"),
    [
        ("int", (2700, 4050.0, 6300), ("2,700", "4,050", "6,300")),
        ("float", (0.5, 17.25, 21.5), ("0.5", "17.2", "21.5")),
        (
            "datetime",
            ("2007-01-01 00:00:00", "2008-05-01 12:00:00", "2009-01-01 00:00:00"),
            ("2007-01-01", "2008-05-01", "2009-01-01"),
        ),
    ],
)
def test_three_landmarks_say_where_a_column_lies(
    kind: str, ends: tuple[Any, Any, Any], said: tuple[str, str, str]
) -> None:
    column = numbers(ends[0], ends[2], 0, kind)
    column["statistics"]["median"] = ends[1]
    assert landmarks(column) == said


def test_years_have_no_commas() -> None:
    column = numbers(1871, 1970, 1920, name="year")
    column["statistics"]["median"] = 1920.5
    assert landmarks(column) == ("1871", "1920", "1970")


def test_labels_have_no_landmarks() -> None:
    assert landmarks(labels({"a": 1})) is None
    assert landmarks(numbers(None, None, 0)) is None


def test_each_bar_says_what_it_stands_for() -> None:
    column = numbers(1, 4, 2)
    column["statistics"]["histogram"] = {"hist": [3, 1200], "bin_edges": [1, 3, 4]}
    assert bins(column) == ["1–3: 3", "3–4: 1,200"]
    assert bins(labels({"b": 1, "a": 2})) == ["a: 2", "b: 1"]
    assert len(bins(column)) == len(sparkline(column))


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    assert [share(part).replace("\u00a0", " ") for part in (0, 0.001, 0.5, 0.999, 1)] == [
        *("0 %", "under 1 %", "50 %", "over 99 %", "100 %"),
    ]
