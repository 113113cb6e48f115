"""Computes a table's profile: exact, in a few passes, in bounded memory.

Runs inside the parser's locked-down process on a DuckDB connection, and needs
nothing else at run time. A column's value ``$v`` is null where it is missing, and
NaN counts as missing; its measure ``$m`` is explained in ``statistics``.

Up to ``EXACT_ROWS`` rows every number is exact. Beyond, medians and counts of
different values are estimates (t-digest, HyperLogLog: within about 2 %), rows
are not searched for duplicates, and the profile says ``"approximate": true``.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import duckdb

from newsletter.tables.profiling import aggregate_queries, alerts, statistics
from newsletter.tables.profiling.aggregate_queries import (
    Answers,
    AnyPass,
    Asked,
    Passes,
    Question,
)
from newsletter.tables.profiling.columns import Column, quoted

EXACT_ROWS = 5_000_000
CORRELATED_COLUMNS = 20
HEAVY = 8  # aggregates a pass where each begins with some MB
LARGEST = 2**63 - 1


def profile_table(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """The profile of ``relation``, which every cursor of ``connection`` sees, fit for JSON.

    ``columns`` are pairs of a name and one of the types string, integer,
    number, boolean, date, datetime, time, list. The answer is ``{"rows",
    "approximate", "columns": [{"name", "type", "kind", "nan_count",
    "nan_proportion", "unique", "statistics", "alerts"}], "alerts"}``, where the
    last has every column's alerts and the table's own.
    """
    return _Profiler(connection, relation, columns).profile()


class _Profiler:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        relation: str,
        columns: Sequence[tuple[str, str]],
    ) -> None:
        self._connection = connection
        self._relation = quoted(relation)
        self._rows: int = self._row(f"SELECT count(*) FROM {self._relation}")[0]  # noqa: S608
        self._exact = self._rows <= EXACT_ROWS
        self._columns = [Column(at, name, type_) for at, (name, type_) in enumerate(columns)]
        sql_types = [str(type_) for type_ in connection.table(relation).types]
        self._passes = Passes(self._relation, self._columns, sql_types, self._rows)
        self._found: Answers = {}

    def profile(self) -> dict[str, Any]:
        texts = [column for column in self._columns if column.is_text]
        looks = self._passes.looks(texts, is_exact=self._exact)
        passes = self._passes.asking_each(self._variety(), self._summaries(), self._medians())
        self._found = self._answers([*looks, *passes])
        kinds = [self._kind(column) for column in self._columns]
        self._found |= self._bins(kinds) | self._frequencies(kinds)
        facts: list[dict[str, Any]] = [{} for _ in self._columns]
        for (at, name), answer in self._found.items():
            facts[at][name] = answer
        described = [
            self._describe(*column_facts)
            for column_facts in zip(self._columns, kinds, facts, strict=True)
        ]
        alerted = [alert for column in described for alert in column["alerts"]]
        return {
            "rows": self._rows,
            "approximate": not self._exact,
            "columns": described,
            "alerts": [*alerted, *self._correlations(kinds), *self._duplicates()],
        }

    def _variety(self) -> Asked:
        """How many different values there are of what is no text."""
        count = "count(DISTINCT $v)" if self._exact else "approx_count_distinct($v)"
        counts = {(c.at, "unique"): count for c in self._columns if not c.is_text}
        return Asked(counts, min(HEAVY, self._passes.holding))

    def _summaries(self) -> Asked:
        return Asked(
            {
                (column.at, name): expression
                for column in self._columns
                for name, expression in column.aggregates().items()
            }
        )

    def _medians(self) -> Asked:
        median = "median($m::DOUBLE)" if self._exact else "approx_quantile($m::DOUBLE, 0.5)"
        measured = [column for column in self._columns if column.is_measured]
        return Asked({(c.at, "median"): median for c in measured}, self._passes.holding)

    def _kind(self, column: Column) -> str:
        if not column.is_text:
            return column.kind
        longest = self._found[column.at, "max"] or 0
        label = statistics.is_label(self._found[column.at, "unique"], self._rows, longest)
        return "string_label" if label else "string_text"

    def _bins(self, kinds: Sequence[str]) -> Answers:
        """The histogram of each measured column that is not a label."""
        edges: dict[int, list[Any]] = {}
        for column, kind in zip(self._columns, kinds, strict=True):
            low, high = (self._found.get((column.at, end)) for end in ("min", "max"))
            if low is not None and high is not None and kind != "string_label":
                edges[column.at] = statistics.bin_edges(kind, low, high)
        # DuckDB's bins are closed above and ours below: both are turned round.
        type_of = {
            at: "DOUBLE" if kinds[at] == "float" else _integer_type(edges[at]) for at in edges
        }
        counted = self._ask(
            {(at, "bins"): f"histogram(-$m::{type_of[at]}, $b::{type_of[at]}[])" for at in edges},
            bins={at: [-edge for edge in edges[at][:-1]] for at in edges},
        )
        return {
            (at, "histogram"): {
                "hist": [counts.get(-edge, 0) for edge in edges[at][:-1]],
                "bin_edges": edges[at],
            }
            for (at, _), counts in counted.items()
        }

    def _frequencies(self, kinds: Sequence[str]) -> Answers:
        """Counts of each label, the commonest first."""
        counted = self._ask(
            {
                (column.at, "frequencies"): "histogram($v)"
                for column, kind in zip(self._columns, kinds, strict=True)
                if kind in {"string_label", "bool"}
            },
            limit=HEAVY,
        )
        return {
            key: {
                str(value): count
                for value, count in sorted((counts or {}).items(), key=lambda pair: -pair[1])
            }
            for key, counts in counted.items()
        }

    def _describe(self, column: Column, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        missing = statistics.missing(self._rows - facts["present"], self._rows)
        shape: dict[str, Any]
        if kind in {"bool", "string_label"}:
            frequencies = facts["frequencies"]
            shape = {"n_unique": len(frequencies)} if kind == "string_label" else {}
            shape["frequencies"] = frequencies
            facts["commonest"] = max(frequencies.values(), default=0)
        else:
            shape = statistics.distribution(kind, facts, facts.get("histogram"))
        return {
            "name": column.name,
            "type": column.type,
            "kind": kind,
            **missing,
            "unique": facts["unique"],
            "statistics": {**missing, **shape},
            "alerts": alerts.column_alerts(column.name, kind, self._rows, facts["unique"], facts),
        }

    def _correlations(self, kinds: Sequence[str]) -> list[alerts.Alert]:
        numeric = [
            column
            for column, kind in zip(self._columns, kinds, strict=True)
            if kind in {"int", "float"} and self._found[column.at, "unique"] > 2
        ][:CORRELATED_COLUMNS]
        pairs = list(combinations(numeric, 2))
        wanted = {
            (at, "r"): f"corr(m{one.at}::DOUBLE, m{other.at}::DOUBLE)"
            for at, (one, other) in enumerate(pairs)
        }
        coefficients = self._answers(self._passes.side_by_side(wanted, numeric))
        return alerts.high_correlations(
            (one.name, other.name, coefficients[at, "r"]) for at, (one, other) in enumerate(pairs)
        )

    def _duplicates(self) -> list[alerts.Alert]:
        told_apart = any(self._found[c.at, "unique"] == self._rows for c in self._columns)
        if not self._exact or told_apart or not self._columns:
            return []
        values = ", ".join(f"v{column.at}" for column in self._columns)
        source = self._passes.source(self._columns)
        query = f"SELECT count(DISTINCT hash({values})) FROM {source}"  # noqa: S608
        return alerts.duplicate_rows(self._rows, self._row(query)[0])

    def _ask(
        self,
        questions: Mapping[Question, str],
        bins: Mapping[int, Any] | None = None,
        limit: int = aggregate_queries.AGGREGATES,
    ) -> Answers:
        return self._answers(self._passes.asking(Asked(questions, limit), bins))

    def _answers(self, passes: Sequence[AnyPass]) -> Answers:
        return aggregate_queries.answers(self._connection, passes)

    def _row(self, query: str) -> tuple[Any, ...]:
        return aggregate_queries.only_row(self._connection, query)


def _integer_type(edges: Sequence[int]) -> str:
    return "BIGINT" if -LARGEST <= edges[0] <= edges[-1] <= LARGEST else "HUGEINT"
