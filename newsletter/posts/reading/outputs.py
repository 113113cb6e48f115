"""What code put out, in nbformat v4, as what readers are shown of it.

Of the forms that an output has, the plainest that shows it is taken: a picture, a table, a
text. Nothing that acts is kept, and what is left out is said.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from newsletter.posts.cells import Error, Figure, Note, Output, Prose, Table, Text
from newsletter.posts.reading import html_output, pictures
from newsletter.posts.reading.pictures import Picture
from newsletter.posts.reading.plain_text import kept, printed
from newsletter.posts.reading.svg import NotDrawn

MAX_TEXT = 20_000  # characters of one output
MAX_ERROR = 4_000  # the last ones
MAX_OUTPUTS = 40  # of one cell
MAX_FIGURES = 40  # of one post
MAX_TOTAL = 400_000  # characters of one post's outputs
REST = Note("The outputs are long: the rest of them is in the notebook.")
INTERACTIVE = Note("An interactive output is shown in the notebook.")
ACTS = re.compile(r"<\s*(?:script|iframe|canvas|video|audio|form)\b", re.IGNORECASE)
STYLED = re.compile(r"<\s*(?:style|svg)\b", re.IGNORECASE)
# What an object says of itself where a figure beside it says more.
REPR = re.compile(r"[\[(]?<[^<>\n]{1,300}>(?:,?\s*<[^<>\n]{1,300}>)*[\])]?")
LIVE = re.compile(
    r"application/(?:javascript|vnd\.(?:jupyter\.widget|plotly|vega|vegalite|bokehjs|holoviews)\S*)"
)

Keep = Callable[[bytes], str]


@dataclass(slots=True)
class Outputs:
    """Makes one post's outputs safe: ``keep`` stores a PNG and returns its key."""

    title: str
    keep: Keep
    figures: int = 0
    characters: int = 0

    def of(self, raw: Iterable[Any], alt: str) -> tuple[Output, ...]:
        """The outputs of one cell, whose figures are described by ``alt``."""
        entries = _joined_streams(entry for entry in raw if isinstance(entry, Mapping))
        shown: list[Output] = []
        for at, entry in enumerate(entries):
            if at == MAX_OUTPUTS:
                shown.append(Note(f"{len(entries) - at:,} more outputs are in the notebook."))
                break
            shown += self._allowed(self._of_one(entry, alt), shown)
        if any(isinstance(output, Figure) for output in shown):
            shown = [o for o in shown if not (isinstance(o, Text) and REPR.fullmatch(o.text))]
        return tuple(shown)

    def _of_one(self, entry: Mapping[str, Any], alt: str) -> Iterator[Output]:
        match entry.get("output_type"):
            case "stream":
                yield from _text(_string(entry.get("text")))
            case "error":
                yield _error(entry)
            case "display_data" | "execute_result":
                data, metadata = entry.get("data"), entry.get("metadata")
                if isinstance(data, Mapping):
                    yield from self._display(data, metadata or {}, alt)

    def _display(
        self, data: Mapping[str, Any], metadata: Mapping[str, Any], alt: str
    ) -> Iterator[Output]:
        drawn = self._figure(data, metadata, alt)
        html = _string(data.get("text/html"))
        plain = _string(data.get("text/plain"))
        if drawn is not None:
            yield drawn
        elif any(LIVE.fullmatch(kind) for kind in data):
            yield INTERACTIVE
        elif html.strip():
            yield from _markup(html, plain)
        elif markdown := _string(data.get("text/markdown")).strip():
            yield Prose(kept(markdown)) if len(markdown) <= MAX_TEXT else _too_long()
        elif plain.strip():
            yield from _text(plain)
        elif latex := _string(data.get("text/latex")).strip():
            yield from _text(latex)
        elif "application/json" in data:
            yield from _text(json.dumps(data["application/json"], indent=1, ensure_ascii=False))
        elif data:
            kind = kept(str(next(iter(data))))[:60]
            yield Note(f"An output of the kind {kind} is in the notebook.")

    def _figure(
        self, data: Mapping[str, Any], metadata: Mapping[str, Any], alt: str
    ) -> Figure | Note | None:
        """The picture that ``data`` has, drawn anew; a note where it cannot be."""
        kinds = [kind for kind in ("image/png", "image/jpeg", "image/svg+xml") if kind in data]
        if not kinds:
            return None
        if self.figures >= MAX_FIGURES:
            return Note(f"More than {MAX_FIGURES} figures: this one is in the notebook.")
        problem = NotDrawn()
        for kind in kinds:
            try:
                return self._kept(_drawn(kind, _string(data[kind]), metadata), alt)
            except NotDrawn as error:
                problem = error
        return Note(f"A figure is left out, as {problem}.")

    def _kept(self, picture: Picture, alt: str) -> Figure:
        self.figures += 1
        described = kept(alt) or f"Figure {self.figures} of {self.title}"
        return Figure(self.keep(picture.png), picture.width, picture.height, described)

    def _allowed(self, outputs: Iterable[Output], before: list[Output]) -> list[Output]:
        """Those for which there is room, and a note where there is none; the same note is
        not said twice in a row."""
        allowed: list[Output] = []
        for output in outputs:
            self.characters += _size(output)
            if self.characters > MAX_TOTAL:
                output = REST
            if not (isinstance(output, Note) and [output] == (before + allowed)[-1:]):
                allowed.append(output)
            if output is REST:
                break
        return allowed


def _drawn(kind: str, content: str, metadata: Mapping[str, Any]) -> Picture:
    if kind == "image/svg+xml":
        return pictures.from_svg(content)
    shown = metadata.get(kind)
    wanted = None
    if isinstance(shown, Mapping):  # of a figure that has two pixels for each px
        sides = (shown.get("width"), shown.get("height"))
        if all(isinstance(side, int | float) and 0 < side < 10_000 for side in sides):
            wanted = (round(sides[0]), round(sides[1]))  # type: ignore[arg-type]
    return pictures.from_base64(content, wanted)


def _markup(html: str, plain: str) -> Iterator[Output]:
    """A table or prose where the HTML has one; its text where it is only dressed."""
    outputs = html_output.read(html)
    has_table = any(isinstance(output, Table) for output in outputs)
    if has_table:
        yield from outputs
    elif ACTS.search(html) or not (outputs or plain.strip()):
        yield INTERACTIVE
    elif plain.strip() and (STYLED.search(html) or not outputs):
        yield from _text(plain)
    else:
        yield from outputs


def _text(raw: str) -> Iterator[Output]:
    text = printed(raw).strip("\n")
    if text.strip():
        yield Text(text[:MAX_TEXT])
    if len(text) > MAX_TEXT:
        yield Note(
            f"The first {MAX_TEXT:,} of {len(text):,} characters; the rest is in the notebook."
        )


def _error(entry: Mapping[str, Any]) -> Error:
    lines = entry.get("traceback")
    traceback = "\n".join(map(_string, lines)) if isinstance(lines, list) else ""
    name, value = _string(entry.get("ename")), _string(entry.get("evalue"))
    text = printed(traceback).strip() or printed(f"{name}: {value}").strip()
    return Error(text[-MAX_ERROR:])


def _too_long() -> Note:
    return Note("A long text is shown in the notebook.")


def _joined_streams(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Streams of the same name that follow each other, as one."""
    joined: list[dict[str, Any]] = []
    parts: list[str] = []
    for entry in entries:
        is_stream = entry.get("output_type") == "stream"
        before = joined[-1] if joined else {}
        if is_stream and parts and before.get("name") == entry.get("name"):
            parts.append(_string(entry.get("text")))
            continue
        if parts:
            joined[-1]["text"] = "".join(parts)
        joined.append(dict(entry))
        parts = [_string(entry.get("text"))] if is_stream else []
    if parts:
        joined[-1]["text"] = "".join(parts)
    return list(joined)


def _string(value: object) -> str:
    """nbformat's multiline string; "" for what is none."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _size(output: Output) -> int:
    """About how many characters it takes up where it is kept."""
    return len(json.dumps(asdict(output), ensure_ascii=False))
