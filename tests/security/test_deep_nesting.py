"""Row "one item's exception stops the job": whatever is nested without end is read as what it is,
or refused in a sentence; no parser of ours gives up in another way."""

import json
import time

import pytest

from newsletter.catalog import markdown
from newsletter.catalog.package.yaml_text import load_mapping
from newsletter.charts import chart_problems
from newsletter.errors import Refused
from newsletter.posts.cells import Html, Note, Table
from newsletter.posts.reading import forms, html_output
from newsletter.posts.reading.svg import NotDrawn, cleaned

DEEP = 2_400
VERY_DEEP = 50_000


def nested(begin: str, inner: str, end: str, depth: int) -> str:
    return begin * depth + inner + end * depth


MARKDOWN = [
    ("*", "a", "*"),
    ("_", "a", "_"),
    ("**", "a", "**"),
    ("~~", "a", "~~"),
    ("[", "a", "](https://a.example)"),
    ("![", "a", "](https://a.example)"),
    ("> ", "a", ""),
    ("- ", "a", ""),
    ("1. ", "a", ""),
    ("`", "a", "`"),
    ("<b>", "a", "</b>"),
    ("*a _b ", "a", "_ c*"),
]
FRONT = """---
title: The bills
question: Which?
author: Ann
license: MIT
language: python
version: 1.0.0
data: {penguins: "%s"}
---
""" % ("0" * 64)


@pytest.mark.parametrize(("begin", "inner", "end"), MARKDOWN)
def test_markdown(begin: str, inner: str, end: str) -> None:
    text = nested(begin, inner, end, DEEP)
    assert isinstance(markdown.render(text), str)
    assert isinstance(markdown.plain(text), str)
    assert isinstance(markdown.beginning(text, 500), str)


@pytest.mark.parametrize("depth", [DEEP, VERY_DEEP])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_yaml(begin: str, end: str, depth: int) -> None:
    with pytest.raises(Refused, match=r"nested too deeply|dataset"):
        load_mapping(f"a: {nested(begin, '1', end, depth)}")


@pytest.mark.parametrize("depth", [DEEP, VERY_DEEP])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_json(begin: str, end: str, depth: int) -> None:
    deep = nested(begin, "1", end, depth)
    notebook = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})
    for content in (deep, notebook.replace('"metadata": {}', f'"metadata": {{"a": {deep}}}')):
        with pytest.raises(Refused):
            forms.read("post.ipynb", content.encode(), None)


def test_a_chart() -> None:
    spec: object = 1
    for _ in range(DEEP):
        spec = {"a": [spec]}
    assert chart_problems({"mark": "bar", "a": spec})


@pytest.mark.parametrize("depth", [DEEP, VERY_DEEP])
@pytest.mark.parametrize(("begin", "end"), [("<div>", "</div>"), ("<table><tr><td>", "")])
def test_html_of_an_output(begin: str, end: str, depth: int) -> None:
    began = time.process_time()
    (shown,) = html_output.read(nested(begin, "a", end, depth))
    assert isinstance(shown, Note)
    assert time.process_time() - began < 1


def test_html_with_many_elements_side_by_side_is_shown() -> None:
    rows = "<tr><td>a<td>b" * 100
    table, prose = html_output.read(f"<table>{rows}</table>{'<p>x<br>' * 2000}")
    assert isinstance(table, Table)
    assert isinstance(prose, Html)


@pytest.mark.parametrize("depth", [DEEP, VERY_DEEP])
def test_svg(depth: int) -> None:
    with pytest.raises(NotDrawn):
        cleaned(f'<svg xmlns="http://www.w3.org/2000/svg">{nested("<g>", "", "</g>", depth)}</svg>')


def test_a_post_in_markdown() -> None:
    text = FRONT + nested("*", "a", "*", DEEP)
    assert forms.read("post.md", text.encode(), None).cells
