"""What a post says of itself: YAML between two lines of ``---``, as a typed, frozen value.

In Markdown it stands at the top of the file; in a notebook it is the first cell, of
type raw, as Quarto has it.
"""

import re
from typing import Annotated, Literal, Self

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from newsletter.catalog.licenses import license_problem
from newsletter.catalog.package.field_types import (
    ONE_LINE,
    ColumnName,
    Line,
    Semver,
    Sha256,
    WebAddress,
)
from newsletter.catalog.package.field_types import TableName as Table
from newsletter.catalog.package.validation_messages import complaints
from newsletter.catalog.package.yaml_text import load_mapping
from newsletter.errors import UnreadablePackage, UnreadablePost
from newsletter.file_names import latin

MAX_CHARACTERS = 64 * 1024
MAX_SLUG = 100
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
BLOCK = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
R_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9.]*[A-Za-z0-9]")

Language = Literal["python", "sql", "r"]


def _license(value: str) -> str:
    if problem := license_problem(value):
        raise ValueError(problem)
    return value


def _slug(value: str) -> str:
    if len(value) > MAX_SLUG or not SLUG.fullmatch(value):
        raise ValueError(
            f"lower-case letters and digits joined by single hyphens, at most {MAX_SLUG}"
        )
    return value


_Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), ONE_LINE
]
_Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=5, max_length=120), ONE_LINE
]


class FrontMatter(BaseModel):
    """A post's first lines. The dataset is the folder's, or the one chosen at the upload."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: _Title
    question: Line  # that the post answers
    author: _Name
    author_url: WebAddress | None = None
    credit: Line | None = None  # who else is thanked
    license: Annotated[Line, AfterValidator(_license)]  # SPDX
    language: Language
    version: Semver  # of the dataset
    data: Annotated[dict[Table, Sha256], Field(min_length=1)]  # table -> SHA-256 of its CSV
    requires: tuple[Line, ...] = ()  # PEP 508, each pinned; for R the names of packages
    slug: Annotated[str, AfterValidator(_slug)] | None = None
    columns: tuple[ColumnName, ...] | None = None  # None: those that the code mentions

    @model_validator(mode="after")
    def _requires_can_be_installed(self) -> Self:
        for line in self.requires:
            problem = _r_problem(line) if self.language == "r" else _pin_problem(line)
            if problem:
                raise ValueError(f"requires: {problem}")
        return self


def split(text: str) -> tuple[str, str]:
    """The YAML at the top of ``text``, and what follows it. Raises UnreadablePost."""
    block = BLOCK.match(text)
    if block is None:
        raise UnreadablePost(
            "The post has no front matter: begin it with a line ---, the fields, and a line ---."
        )
    return block[1], text[block.end() :]


def without(text: str) -> str:
    """``text`` without the front matter at its top, if it has one."""
    block = BLOCK.match(text)
    return text[block.end() :] if block else text


def block(front: FrontMatter) -> str:
    """``front`` as it stands at the top of a post."""
    written = front.model_dump(mode="json", exclude_none=True)
    return f"---\n{yaml.safe_dump(written, sort_keys=False, allow_unicode=True)}---\n"


def parse(text: str) -> FrontMatter:
    """The front matter that ``text`` (YAML) holds.

    Raises UnreadablePost whose ``fields`` maps each dotted path to what to do about it.
    """
    if len(text) > MAX_CHARACTERS:
        raise UnreadablePost(
            f"The front matter is over {MAX_CHARACTERS // 1024} KB: move text into the post."
        )
    try:
        mapping = load_mapping(text, "The front matter")
    except UnreadablePackage as error:
        raise UnreadablePost(str(error)) from error
    return from_mapping(mapping)


def from_mapping(mapping: object) -> FrontMatter:
    """The front matter of loaded YAML, or of a form's fields. Raises UnreadablePost."""
    try:
        return FrontMatter.model_validate(mapping)
    except ValidationError as error:
        raise _unreadable(complaints(error)) from error


def slug_of(dataset: str, file_name: str) -> str:
    """The slug of a post that names none: ``penguins`` and ``02-who-is-who.md`` make
    ``penguins-who-is-who``."""
    return _slug_of(dataset, latin(_title_in(file_name)).lower())


def slug_of_0_3(dataset: str, file_name: str) -> str:
    """The same by the rule of 0.3, which dropped every letter outside ASCII."""
    return _slug_of(dataset, _title_in(file_name).casefold())


def _title_in(file_name: str) -> str:
    """What a file is called, without a number before it and its endings."""
    return re.sub(r"^\d+[-_ ]+", "", file_name.rpartition("/")[2].partition(".")[0])


def _slug_of(dataset: str, title: str) -> str:
    words = re.findall(r"[a-z0-9]+", title)
    return "-".join([dataset, *words])[:MAX_SLUG].rstrip("-")


def _pin_problem(line: str) -> str | None:
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return f"{line[:60]!r} is no requirement: write it like pandas==2.3.3"
    pins = list(requirement.specifier)
    pinned = len(pins) == 1 and pins[0].operator == "==" and "*" not in pins[0].version
    if requirement.url is not None or not pinned:
        return f"{line[:60]!r} must name one version with ==, like pandas==2.3.3"
    return None


def _r_problem(line: str) -> str | None:
    if R_PACKAGE.fullmatch(line):
        return None
    return f"{line[:60]!r} is no name of an R package: write it like dplyr"


def _unreadable(fields: dict[str, str]) -> UnreadablePost:
    path, sentence = next(iter(fields.items()))
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    named = f"{path}: " if path else ""
    return UnreadablePost(f"The front matter: {named}{sentence}{more}.", fields)
