"""A part of the site or of the admin: what is registered for it, and its place in the menu."""

from dataclasses import dataclass

from flask import Blueprint


@dataclass(frozen=True, slots=True)
class Section:
    """``title``: in the menu; empty: it is not there, and is reached from other pages."""

    title: str
    blueprints: tuple[Blueprint, ...]  # the first has the page that the menu leads to, ``index``

    @property
    def name(self) -> str:
        """What pages call it."""
        return self.blueprints[0].name

    @property
    def endpoint(self) -> str:
        """Below the blueprint that it is registered on."""
        return f"{self.name}.index"


def section_of(sections: tuple[Section, ...], blueprint: str | None) -> Section | None:
    """The section that a blueprint belongs to, by its name without those it is registered on."""
    name = (blueprint or "").rpartition(".")[2]
    return next((s for s in sections if name in [b.name for b in s.blueprints]), None)
