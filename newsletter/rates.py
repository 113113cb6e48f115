"""Limits on sending: how fast, how many, and what is too much trouble to go on.

Each is written on one line, its parts with commas between them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class WarmUp:
    """For a sending address that nobody knows yet: ``first`` messages on its first day,
    ``factor`` times more on each day after."""

    first: int
    factor: float  # more than 1

    @classmethod
    def parse(cls, text: str) -> "WarmUp":
        """Such as ``warm-up 50 x2``. Raises ValueError."""
        match = re.fullmatch(rf"warm-up (\d{{1,9}}) x ?({_NUMBER})", text)
        if not match or int(match[1]) < 1 or float(match[2]) <= 1:
            raise ValueError(_HOW_WARM_UP)
        return cls(int(match[1]), float(match[2]))


@dataclass(frozen=True, slots=True)
class Rate:
    """What the mail server may be given; None: no limit."""

    per_second: float | None = None
    per_day: int | None = None
    warm_up: WarmUp | None = None  # up to ``per_day``, which is then given

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Such as ``14/s, 50000/d, warm-up 50 x2``. Raises ValueError."""
        values: dict[str, Any] = {}
        for part in _parts(text):
            if part.startswith("warm-up"):
                values["warm_up"] = WarmUp.parse(part)
                continue
            match = re.fullmatch(rf"({_NUMBER})/(s|d)", part)
            if not match or float(match[1]) < (1 if match[2] == "d" else _SLOWEST):
                raise ValueError("give messages a second, a day or both, such as 14/s, 50000/d")
            if match[2] == "s":
                values["per_second"] = float(match[1])
            else:
                values["per_day"] = int(float(match[1]))
        rate = cls(**values)
        if rate.warm_up is not None and (rate.per_day is None or rate.warm_up.first > rate.per_day):
            raise ValueError(_HOW_WARM_UP)
        return rate


@dataclass(frozen=True, slots=True)
class DomainRates:
    """Messages a second to one domain; ``other``: to each that is not named (None: no limit)."""

    named: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    other: float | None = None

    @classmethod
    def parse(cls, text: str) -> "DomainRates":
        """Such as ``gmail.com 20/s, * 50/s``. Raises ValueError."""
        rates: dict[str, float] = {}
        for part in _parts(text.lower()):
            match = re.fullmatch(rf"(\*|[a-z0-9-]+(?:\.[a-z0-9-]+)+) ({_NUMBER})/s", part)
            if not match or float(match[2]) < _SLOWEST or match[1] in rates:
                raise ValueError(
                    "give domains and messages a second, such as gmail.com 20/s, * 50/s"
                )
            rates[match[1]] = float(match[2])
        other = rates.pop("*", None)
        return cls(MappingProxyType(rates), other)

    def of(self, domain: str) -> float | None:
        """The rate of a domain, in lower case; None: no limit."""
        return self.named.get(domain, self.other)


@dataclass(frozen=True, slots=True)
class Breakers:
    """What pauses an issue by itself; None: that never does. See delivery.breakers."""

    hard: Decimal | None = Decimal("0.02")  # more hard bounces than this share of an issue
    complaints: Decimal | None = Decimal("0.0008")  # more complaints than this share of it
    failures: int | None = 20  # so many failures in a row

    @classmethod
    def parse(cls, text: str) -> "Breakers":
        """Such as ``hard 2%, complaints off, failures 20``; what is not named keeps its
        default. Raises ValueError."""
        values: dict[str, Any] = {}
        for part in _parts(text.lower()):
            name, _, value = part.partition(" ")
            if name in values or name not in _BREAKERS:
                raise ValueError(_HOW_BREAKERS)
            values[name] = None if value == "off" else _BREAKERS[name](value)
        return cls(**values)


def _percentage(text: str) -> Decimal:
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", text)
    if not match or not 0 < Decimal(match[1]) <= 100:
        raise ValueError(_HOW_BREAKERS)
    return Decimal(match[1]) / 100


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ValueError(_HOW_BREAKERS)
    return int(text)


def _parts(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(",") if part.strip()]


_NUMBER = r"\d{1,12}(?:\.\d{1,6})?"
_SLOWEST = 0.001  # messages a second
_HOW_WARM_UP = (
    "give a warm-up with the number a day that it leads to, such as 50000/d, warm-up 50 x2"
)
_HOW_BREAKERS = "give percentages, a count, or off, such as hard 2%, complaints 0.08%, failures 20"
_BREAKERS = {"hard": _percentage, "complaints": _percentage, "failures": _count}
