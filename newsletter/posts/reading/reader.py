"""The child process that reads a stranger's post: ``python -m newsletter.posts.reading.reader``.

A request comes as JSON on stdin (see posts.intake), the answer goes as JSON to stdout:
``{"read": {...}}`` or ``{"refused": "a sentence", "fields": {...}}``. Figures, and the file
where its front matter was given, are written into the folder that its parent made.
"""

import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsletter.errors import UnreadablePost
from newsletter.posts import cells
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.reading import forms
from newsletter.posts.reading.sanitize import safe_cells, words_in
from newsletter.tables import sandbox

TOO_LARGE = "The post needs more memory than it may have: clear its large outputs and save it."


def main() -> None:
    request = sandbox.read_request()
    limits = request["limits"]
    sandbox.limit(limits["memory_bytes"], limits["seconds"], 1, limits["output_bytes"])
    logging.disable()  # nbformat tells there what it raises
    answer: dict[str, Any]
    try:
        answer = {"read": read(request)}
    except UnreadablePost as error:
        answer = {"refused": str(error), "fields": error.fields}
    except MemoryError:
        answer = {"refused": TOO_LARGE, "fields": {}}
    json.dump(answer, sys.stdout)


def read(request: Mapping[str, Any]) -> dict[str, Any]:
    """The post in the folder that is named. Raises UnreadablePost."""
    folder, name = Path(request["folder"]), request["name"]
    content = (folder / "post").read_bytes()
    ran = json.loads((folder / "ran").read_bytes())
    given = FrontMatter.model_validate(request["given"]) if request["given"] else None
    written = forms.read(name, content, given)
    if given is not None:
        rewritten = forms.with_front_matter(name, content, given)
        (folder / "rewritten").write_bytes(rewritten)
    shown = safe_cells(written, ran, _Folder(folder).keep)
    return {
        "front": written.front.model_dump(mode="json"),
        "form": written.form,
        "cells": cells.as_json(shown),
        "words": words_in(written.front, shown),
    }


class _Folder:
    """Keeps figures under their numbers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def keep(self, png: bytes) -> str:
        self._count += 1
        (self._folder / f"figure-{self._count}.png").write_bytes(png)
        return str(self._count)


if __name__ == "__main__":
    main()
