"""Posts as their authors write them, for tests."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import yaml

from tests import factories

PNG = base64.b64encode(factories.png()).decode()


def front(**fields: Any) -> dict[str, Any]:
    """The fields of a front matter; None leaves one out."""
    written = {
        "title": "Which penguin is which?",
        "question": "Can a bill alone tell the species?",
        "author": "Ada Example",
        "license": "MIT",
        "language": "python",
        "version": "1.0.0",
        "data": {"penguins": "ab" * 32},
        "requires": ["pandas==2.3.3"],
    }
    return {name: value for name, value in (written | fields).items() if value is not None}


def block(**fields: Any) -> str:
    return f"---\n{yaml.safe_dump(front(**fields), sort_keys=False)}---\n"


def markdown(body: str, **fields: Any) -> bytes:
    return f"{block(**fields)}\n{body}".encode()


def notebook(*cells: dict[str, Any], **fields: Any) -> bytes:
    """A notebook of format 4.5 whose first cell is the front matter."""
    raw = {"cell_type": "raw", "metadata": {}, "source": block(**fields)}
    numbered = [{"id": f"c{at}"} | cell for at, cell in enumerate((raw, *cells))]
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": numbered}
    return json.dumps(whole).encode()


def prose(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(source: str, *outputs: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": metadata,
        "execution_count": None,
        "source": source,
        "outputs": list(outputs),
    }


def display(data: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def stream(text: str | Sequence[str], name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}
