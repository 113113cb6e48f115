"""SQL cells: what a query of DuckDB found, shown as a table."""

from html import escape

import duckdb

MOST_ROWS = 50  # shown; the others are counted
DONE = (["Count"], ["Success"])  # what DuckDB 2 gives for a statement that asks nothing


class Result:
    """The rows of a query as a notebook shows them."""

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self.header = relation.columns
        # As text by DuckDB: a value is written as whoever asks there would see it.
        texts = relation.project("COLUMNS(*)::VARCHAR")
        self.rows = texts.limit(MOST_ROWS + 1).fetchall()
        self.note = ""
        if len(self.rows) > MOST_ROWS:
            self.rows.pop()
            ((total,),) = relation.aggregate("count(*)").fetchall()
            self.note = f"<p>{MOST_ROWS} of {total:,} rows</p>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        lines = [self.header, *(["NULL" if v is None else v for v in row] for row in self.rows)]
        head, body = _row("th", lines[0]), "".join(_row("td", line) for line in lines[1:])
        html = f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
        return {
            "text/plain": "\n".join("\t".join(line) for line in lines),
            "text/html": html + self.note,
        }


def shown(statements: str, relation: duckdb.DuckDBPyRelation | None) -> Result | None:
    """What the last of ``statements`` found, for which DuckDB gave ``relation``; None if it
    only made or changed something."""
    if relation is None:
        return None
    *_, last = duckdb.extract_statements(statements)
    is_query = last.expected_result_type == [duckdb.ExpectedResultType.QUERY_RESULT]
    return Result(relation) if is_query or relation.columns not in DONE else None


def _row(tag: str, cells: list[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
