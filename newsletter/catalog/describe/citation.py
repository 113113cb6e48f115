"""How to cite a dataset: in plain text, for BibTeX, and as CSL-JSON."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

BIBTEX_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class CitationFacts:
    """A dataset as a work. ``url`` is the version's own, ``license`` its SPDX id; of a draft
    it may be empty. Where nobody made known who created it there are no ``creators``: none are
    invented."""

    title: str
    creators: tuple[str, ...]
    year: int
    version: str
    publisher: str
    url: str
    license: str


def plain(facts: CitationFacts) -> str:
    """One line, by the form that DataCite recommends; without creators it begins with the
    title."""
    title = f"{facts.title.rstrip('.')} (version {facts.version}) [Data set]"
    if facts.creators:
        parts = [f"{_joined(facts.creators)} ({facts.year})", title, facts.publisher]
    else:
        parts = [f"{title} ({facts.year})", facts.publisher]
    license_ = f" ({facts.license})" if facts.license else ""
    return f"{'. '.join(parts)}. {facts.url}{license_}"


def bibtex(facts: CitationFacts) -> str:
    """A ``@misc`` entry, which every BibTeX style knows.

    Each author stands in braces: a name that a person typed as they wish it
    to be read is not taken apart into first and last.
    """
    authors = " and ".join(f"{{{_escaped(name)}}}" for name in facts.creators)
    fields = {
        **({"author": authors} if authors else {}),
        "title": f"{{{_escaped(facts.title)}}}",
        "year": str(facts.year),
        "version": _escaped(facts.version),
        "publisher": _escaped(facts.publisher),
        "howpublished": f"\\url{{{_in_url(facts.url)}}}",
        "url": _in_url(facts.url),
        "note": ", ".join(
            filter(
                None, ("Data set", f"version {_escaped(facts.version)}", _escaped(facts.license))
            )
        ),
    }
    lines = [f"  {name:<12} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{{key(facts)},", *lines, "}\n"])


def csl_json(facts: CitationFacts) -> list[dict[str, Any]]:
    """The items of a CSL-JSON document (schema csl-data.json, version 1.0)."""
    return [
        {
            "id": key(facts),
            "type": "dataset",
            "title": facts.title,
            **(
                {"author": [{"literal": name} for name in facts.creators]} if facts.creators else {}
            ),
            "issued": {"date-parts": [[facts.year]]},
            "version": facts.version,
            "publisher": facts.publisher,
            "URL": facts.url,
            **({"license": facts.license} if facts.license else {}),
        }
    ]


def key(facts: CitationFacts) -> str:
    """The entry's name: its title's first words and its year, in ASCII."""
    folded = unicodedata.normalize("NFKD", facts.title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", folded.lower())[:4]
    return "-".join([*words, str(facts.year)])


def _joined(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} & {names[-1]}"


def _escaped(text: str) -> str:
    return "".join(BIBTEX_SIGNS.get(sign, sign) for sign in " ".join(text.split()))


def _in_url(url: str) -> str:
    """``url`` with what would end a BibTeX field percent-encoded."""
    return url.replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C")


def in_words(temporal: str) -> str:
    """An ISO 8601 year, date or span as people say it: ``2007/2009`` is "2007 to 2009",
    ``1958/..`` is "since 1958"."""
    first, _, last = temporal.partition("/")
    if last == "..":
        return f"since {first}"
    return f"{first} to {last}" if last else first
