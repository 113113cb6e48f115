"""Extras: what only some installations need, and the sentence where one lacks.

Adding one is an optional dependency of pyproject.toml, and an entry here of the same name.
A setting that needs one asks for it at the start; everything else does when it is used.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

from newsletter.errors import MissingExtra


@dataclass(frozen=True, slots=True)
class Extra:
    name: str  # in dataset-daily[name]
    package: str  # that it brings, and that is imported
    purpose: str  # what needs it, as a sentence begins

    @property
    def is_installed(self) -> bool:
        """Looks for the package without importing it."""
        return find_spec(self.package) is not None

    def require(self) -> None:
        """Raises MissingExtra where the package is not installed."""
        if not self.is_installed:
            raise MissingExtra(self._sentence)

    @contextmanager
    def imports(self) -> Iterator[None]:
        """A block that imports the package. Raises MissingExtra where it cannot."""
        try:
            yield
        except ImportError as error:
            raise MissingExtra(self._sentence) from error

    @property
    def _sentence(self) -> str:
        return f"{self.purpose} needs {self.package}: pip install 'dataset-daily[{self.name}]'."


POSTGRES = Extra("postgres", "psycopg", "PostgreSQL")
PROCRASTINATE = Extra("postgres", "procrastinate", "PostgreSQL")
SES = Extra("ses", "boto3", "Amazon SES")
ARROW = Extra("arrow", "pyarrow", "Reading Arrow files")
RUN = Extra("run", "nbclient", "Running a post's Python or SQL")
STATS = Extra("stats", "pyreadstat", "Reading files of Stata, SPSS and SAS")
R_DATA = Extra("stats", "rdata", "Reading data of R")
OIDC = Extra("oidc", "authlib", "Signing in by OpenID Connect")
