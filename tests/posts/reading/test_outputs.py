"""Of each output readers are shown the plainest form, as text, a table, prose or a figure."""

from typing import Any

import pandas as pd
import polars as pl
import pytest

from newsletter.posts.cells import Error, Figure, Html, Note, Output, Prose, Table, Text
from newsletter.posts.reading.outputs import (
    INTERACTIVE,
    MAX_FIGURES,
    MAX_OUTPUTS,
    MAX_TEXT,
    REST,
    Outputs,
)
from tests.posts.written import PNG, display, stream

FRAME = pd.DataFrame({"species": ["Adelie", "Gentoo"], "bill": [39.1, 46.1]})


class Kept(list[bytes]):
    """Takes the figures, as a storage would."""

    def keep(self, png: bytes) -> str:
        self.append(png)
        return str(len(self))


def as_html(frame: Any) -> str:
    """What a notebook keeps of a frame. The stubs of pandas take the method for a column."""
    return str(frame._repr_html_())


def shown(*raw: dict[str, Any], alt: str = "") -> tuple[Output, ...]:
    return Outputs("A title", Kept().keep).of(raw, alt)


def test_lines_of_one_stream_become_one_text() -> None:
    assert shown(stream("a\n"), stream(["b", "c\n"])) == (Text("a\nbc"),)
    assert shown(stream("a"), stream("b", "stderr"), stream("c")) == (
        Text("a"),
        Text("b"),
        Text("c"),
    )


def test_a_text_is_what_a_terminal_shows_in_the_end() -> None:
    assert shown(stream("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07")) == (
        Text("red link"),
    )
    assert shown(stream(" 10%\r 50%\r100%\r\ndone\a\b\0\n")) == (Text("100%\ndone"),)


def test_what_no_database_holds_and_what_turns_code_round_is_taken_out() -> None:
    assert shown(stream("a\ud800b\u202ec")) == (Text("a�bc"),)


def test_an_error_is_its_traceback_without_colours() -> None:
    error = {
        "output_type": "error",
        "ename": "KeyError",
        "evalue": "'x'",
        "traceback": ["\x1b[0;31m---\x1b[0m", "KeyError: 'x'"],
    }
    assert shown(error) == (Error("---\nKeyError: 'x'"),)
    assert shown(error | {"traceback": []}) == (Error("KeyError: 'x'"),)


def test_a_frame_of_pandas_is_a_table() -> None:
    html = as_html(FRAME)
    (table,) = shown(display({"text/html": html, "text/plain": repr(FRAME)}))
    assert table == Table(
        ("", "species", "bill"), (("0", "Adelie", "39.1"), ("1", "Gentoo", "46.1"))
    )


def test_a_part_of_a_frame_says_how_large_the_whole_is() -> None:
    (table,) = shown(display({"text/html": as_html(pd.DataFrame({"n": range(100)}))}))
    assert isinstance(table, Table)
    assert table.note == "100 rows × 1 columns"
    assert ("...", "...") in table.rows


def test_headers_of_several_rows_are_put_into_one() -> None:
    wide = FRAME.assign(year=[1, 2]).pivot_table("bill", "species", "year", ["min", "max"])
    (table,) = shown(display({"text/html": as_html(wide)}))
    assert isinstance(table, Table)
    assert table.header == ("species", "min 1", "min 2", "max 1", "max 2")
    (table,) = shown(display({"text/html": as_html(wide.rename_axis(None))}))
    assert isinstance(table, Table)
    assert table.header == ("year", "min 1", "min 2", "max 1", "max 2")
    plain = wide.rename_axis(None).rename_axis([None, None], axis="columns")
    (table,) = shown(display({"text/html": as_html(plain)}))
    assert isinstance(table, Table)
    assert table.header == ("", "min 1", "min 2", "max 1", "max 2")


def test_a_frame_of_polars_is_a_table() -> None:
    frame = pl.DataFrame({"n": [1, 2], "s": ["a", '"']})
    (table,) = shown(display({"text/html": as_html(frame)}))
    assert table == Table(("n", "s"), (("1", "a"), ("2", '"')), "shape: (2, 2)")


def test_a_picture_is_taken_before_what_else_there_is() -> None:
    kept = Kept()
    data = {"image/png": PNG, "text/html": "<script>plot()</script>", "text/plain": "<Figure>"}
    assert Outputs("A title", kept.keep).of([display(data)], "Bars.") == (
        Figure("1", 60, 40, "Bars."),
    )
    assert kept[0].startswith(b"\x89PNG")


def test_a_figure_that_nobody_described_is_called_by_its_number() -> None:
    figures = shown(display({"image/png": PNG}), display({"image/png": PNG}))
    assert [figure.alt for figure in figures if isinstance(figure, Figure)] == [
        "Figure 1 of A title",
        "Figure 2 of A title",
    ]


def test_a_figure_of_two_pixels_for_each_px_is_shown_at_half_its_size() -> None:
    (figure,) = shown(display({"image/png": PNG}, **{"image/png": {"width": 30, "height": 20}}))
    assert isinstance(figure, Figure)
    assert (figure.width, figure.height) == (30, 20)


def test_what_an_object_says_of_itself_beside_its_figure_is_left_out() -> None:
    plain = display({"text/plain": "[<matplotlib.lines.Line2D at 0x7f00>]"})
    figure = display({"image/png": PNG})
    assert [output.kind for output in shown(plain, figure)] == ["figure"]
    assert [output.kind for output in shown(plain)] == ["text"]


@pytest.mark.parametrize(
    "data",
    [
        {"application/vnd.plotly.v1+json": {}, "text/html": "<p>Please wait</p>"},
        {"application/vnd.vegalite.v5+json": {}, "text/plain": "<VegaLite 5 object>"},
        {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()"},
        {"application/javascript": "alert(1)", "text/plain": "<IPython.core.display.Javascript>"},
        {"text/html": "<div id=x></div><script>draw('x')</script>", "text/plain": "Chart"},
        {"text/html": "<iframe src=https://evil.example></iframe>"},
    ],
)
def test_what_needs_a_script_is_only_named(data: dict[str, Any]) -> None:
    assert shown(display(data)) == (INTERACTIVE,)


def test_what_is_only_dressed_is_shown_as_its_text() -> None:
    html = "<style>.sk{color:red}</style><div class=sk>Pipeline<b>x</b></div>"
    assert shown(display({"text/html": html, "text/plain": "Pipeline(x)"})) == (
        Text("Pipeline(x)"),
    )


def test_prose_in_html_and_in_markdown_is_prose() -> None:
    assert shown(display({"text/html": "<p>Half of <b>them</b></p>"})) == (
        Html("<p>Half of <b>them</b></p>"),
    )
    assert shown(display({"text/markdown": ["# It", " is"]})) == (Prose("# It is"),)


def test_prose_that_a_table_parts_is_whole_on_either_side() -> None:
    before, _, after = shown(display({"text/html": "<b>a<table><tr><td>1</table>c</b>"}))
    assert isinstance(before, Html)
    assert isinstance(after, Html)
    assert before.html == "<b>a</b>"
    assert after.html.count("<b>") == after.html.count("</b>")


def test_a_kind_that_we_do_not_show_is_named() -> None:
    assert shown(display({"video/mp4": "AAAA"})) == (
        Note("An output of the kind video/mp4 is in the notebook."),
    )
    assert shown(display({"application/json": {"a": 1}})) == (Text('{\n "a": 1\n}'),)
    assert shown(display({"text/latex": "$x$"})) == (Text("$x$"),)


@pytest.mark.parametrize(
    "raw",
    [
        {"output_type": "stream", "text": {"a": 1}},
        {"output_type": "display_data", "data": ["x"]},
        {"output_type": "display_data", "data": {"text/plain": None}},
        {"output_type": "error", "traceback": 5},
        {"output_type": "unheard of"},
        {},
    ],
)
def test_an_output_of_another_shape_breaks_nothing(raw: dict[str, Any]) -> None:
    assert all(isinstance(output, Note | Error) for output in shown(raw))


def test_a_long_text_is_cut_and_says_so() -> None:
    assert shown(stream("x" * (MAX_TEXT + 1))) == (
        Text("x" * MAX_TEXT),
        Note("The first 20,000 of 20,001 characters; the rest is in the notebook."),
    )


def test_a_long_table_is_cut_and_says_so() -> None:
    html = f"<table><tr><th>n{'<tr><td>1' * 5000}</table>"
    (table,) = shown(display({"text/html": html}))
    assert isinstance(table, Table)
    assert len(table.rows) == 200
    assert table.note == "Shown: the first 200 of 5,000 rows."


def test_a_wide_table_is_cut_and_says_so() -> None:
    html = f"<table><tr>{'<th>n' * 500}<tr>{'<td colspan=999>1' * 500}</table>"
    (table,) = shown(display({"text/html": html}))
    assert isinstance(table, Table)
    assert len(table.header) == len(table.rows[0]) == 60
    assert "the first 60 of" in table.note


def test_outputs_without_end_are_counted_and_left_out() -> None:
    outputs = shown(*[display({"text/plain": f"{at}"}) for at in range(10_000)])
    assert len(outputs) == MAX_OUTPUTS + 1
    assert outputs[-1] == Note("9,960 more outputs are in the notebook.")


def test_figures_without_end_are_left_out() -> None:
    kept = Kept()
    outputs = Outputs("A title", kept.keep)
    for _ in range(MAX_FIGURES + 5):
        last = outputs.of([display({"image/png": PNG})], "")
    assert len(kept) == MAX_FIGURES
    assert last == (Note("More than 40 figures: this one is in the notebook."),)


def test_a_post_has_room_for_so_much_of_its_outputs() -> None:
    outputs = Outputs("A title", Kept().keep)
    cells = [outputs.of([stream("x" * MAX_TEXT)] * 3, "") for _ in range(30)]
    assert cells[0] != (REST,)
    assert cells[-1] == (REST,)


def test_tables_without_end_in_one_output_are_left_out() -> None:
    html = "<table><tr><td></table>" * 100_000
    outputs = shown(display({"text/html": html}))
    assert outputs[-1] == REST
    assert len(outputs) < 20_000
