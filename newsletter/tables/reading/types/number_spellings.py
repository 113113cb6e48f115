r"""How people write numbers: signs, currencies, percents, marks between the thousands.

The rules of ``type_rules`` read a number as programs write it. A ``Spelling`` tells which
other texts are numbers, and which text of that plain kind each of them means.
"""

from dataclasses import dataclass

from newsletter.tables.missing_words import is_missing_word

SPACE = "[ \t\u00a0\u2009\u202f]"
MINUS = "\u2212"
CODES = (
    "AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|MYR|NOK|NZD|PHP|PLN"
    "|RON|RUB|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
CURRENCY = rf"(?:[A-Z]{{0,3}}\p{{Sc}}|{CODES})"
CURRENCY_AFTER = f"(?:{CURRENCY}|kr|z\u0142|K\u010d|Ft)"
EXPONENT = f"(?:[eE][-+{MINUS}]?[0-9]+)?"
# Digits and marks, from the first digit on.
CORE = (
    "(?:[.,]?[0-9])(?:[0-9.,''\u2019 \u00a0\u2009\u202f]*[0-9.])?"  # a quote is doubled
    f"{EXPONENT}"
)
IS_NEGATIVE = f"^[^0-9]*[-{MINUS}(]|[-{MINUS}]{SPACE}*$"
TELEPHONE = r"\+[0-9]{7,15}"
BARE_EXPONENT = "[0-9]+E[0-9]+"  # as likely a code
SURE_COMMA = ",([0-9]{1,2}|[0-9]{4,})$|^0,"  # no mark of thousands


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write numbers; ``marks`` is a class of characters of a regular expression,
    "" where thousands are not marked."""

    body: str
    decimal: str
    marks: str = ""

    def holds(self, value: str) -> str:
        return f"regexp_full_match({value}, '{_adorned(self.body)}')"

    def plain(self, value: str) -> str:
        """The value as the rules read it: a minus, digits and a point."""
        bare = f"regexp_replace({_core(value)}, '{SPACE}|{self.marks or SPACE}', '', 'g')"
        number = f"lower(replace(replace({bare}, '{self.decimal}', '.'), '{MINUS}', '-'))"
        return f"(CASE WHEN {_is_negative(value)} THEN '-' ELSE '' END || {number})"

    def evidence(self, value: str) -> list[str]:
        """Aggregates of the columns' cells, in the order of the fields of ``Evidence``."""
        core, plain, holds = _core(value), self.plain(value), self.holds(value)
        groups = f"length(regexp_replace({core}, '[^{self.marks[1:] or ']'}', '', 'g'))"
        currency = f"nullif(regexp_extract({value}, '{CURRENCY_AFTER}'), '')"
        adorned = f"{plain} <> {value}"

        def of_those(aggregate: str, test: str = "true") -> str:
            return f"{aggregate} FILTER (WHERE {holds} AND {test})"

        return [
            f"count({value})",
            of_those("count(*)"),
            f"count(*) FILTER (WHERE {is_missing_word(value)})",
            of_those("count(*)", adorned),
            of_those(f"min({value})", adorned),
            of_those(f"max({groups})") if self.marks else "0",
            of_those(f"min({groups})") if self.marks else "0",
            of_those(f"min(length({core}))"),
            of_those(f"max(length({core}))"),
            of_those("count(*)", f"contains({core}, '{self.decimal}')"),
            of_those("count(*)", f"regexp_matches({core}, '[\u00a0\u2009\u202f]')"),
            of_those("count(*)", f"regexp_full_match({value}, '{TELEPHONE}')"),
            of_those("count(*)", _is_negative(value)),
            of_those("count(*)", f"regexp_matches({value}, '[-{MINUS}]{SPACE}*$')"),
            of_those("count(*)", f"contains({value}, '%')"),
            of_those(f"count(DISTINCT {currency})"),
            of_those(f"min({currency})"),
            of_those("count(*)", f"regexp_full_match({core}, '{BARE_EXPONENT}')"),
            of_those("count(*)", f"regexp_matches({core}, '{SURE_COMMA}')"),
        ]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the cells of a column say of whether they are numbers of one spelling."""

    cells: int
    keeping: int
    words: int
    adorned: int  # not as a program writes them
    example: str | None  # of those
    most_groups: int  # thousands marked in one value
    least_groups: int
    shortest: int
    longest: int
    decimals: int
    typographic: int  # with marks that no keyboard has
    telephones: int
    negatives: int
    trailing: int  # with the sign after the number
    percents: int
    currencies: int  # different ones
    currency: str | None
    bare_exponents: int
    sure_commas: int

    @property
    def unit(self) -> str | None:
        return "%" if self.percents else self.currency

    def fits(self) -> bool:
        """Whether all cells are numbers, or words for nothing, and mean one kind of thing."""
        if not self.adorned or self.keeping + self.words != self.cells:
            return False
        if self.telephones and not self.negatives:
            return False
        if self.trailing == self.keeping and not self.decimals:  # as likely "since 1990"
            return False
        if self.bare_exponents and not self.decimals:
            return False
        return self.currencies <= 1 and self.percents in (0, self.keeping)

    def is_sure(self, spelling: Spelling, *, decimal: str | None, may_be_comma: bool) -> bool:
        """Whether it reads in no other way. ``decimal`` is the mark of the whole file if that
        is known."""
        if not self.fits():
            return False
        if not spelling.marks:
            is_stated = spelling.decimal in {".", decimal}
            return is_stated or bool(self.unit and self.sure_commas)
        if not self.most_groups:
            return False
        if self.decimals or decimal or "'" in spelling.marks:
            return True
        if spelling.marks == "[,]":
            return self.most_groups > 1 or not may_be_comma
        if spelling.marks == "[.]":  # three alike are an address of the internet
            return self.most_groups > 1 and not self.most_groups == self.least_groups == 3
        is_even = self.shortest == self.longest and self.most_groups == self.least_groups
        return bool(self.typographic or not is_even)  # a code is as long as others


def _core(value: str) -> str:
    return f"regexp_extract({value}, '{CORE}')"


def _is_negative(value: str) -> str:
    return f"regexp_matches({value}, '{IS_NEGATIVE}')"


def _adorned(body: str) -> str:
    """The pattern of ``body`` with what may stand around it."""
    s, sign, currency = f"{SPACE}*", f"[-+{MINUS}]", CURRENCY
    after = f"(?:{s}(?:{CURRENCY_AFTER}|%))?"
    return (
        f"{s}(?:(?:{sign}{s})?(?:{currency}{s})?(?:{body}){after}"
        f"|{currency}{s}{sign}{s}(?:{body})"
        f"|(?:{currency}{s})?(?:{body}){after}{s}[-{MINUS}]"
        rf"|\({s}(?:{currency}{s})?(?:{body}){after}{s}\)"
        rf"|{currency}{s}\({s}(?:{body}){s}\)){s}"
    )


def _plain_body(decimal: str) -> str:
    return rf"(?:0|[1-9][0-9]*)(?:\{decimal}[0-9]*)?{EXPONENT}|\{decimal}[0-9]+{EXPONENT}"


def _grouped(marks: str, decimal: str) -> Spelling:
    body = rf"(?:0|[1-9][0-9]{{0,2}}(?:{marks}[0-9]{{3}})*)(?:\{decimal}[0-9]+)?"
    return Spelling(body, decimal, marks)


_SPACES, _TICKS = "[ \u00a0\u2009\u202f]", "[''\u2019]"
_INDIAN = r"(?:0|[1-9][0-9]{0,2}|[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3})(?:\.[0-9]+)?"
# In the order in which they are preferred.
SPELLINGS = (
    Spelling(_plain_body("."), "."),
    _grouped("[,]", "."),
    Spelling(_INDIAN, ".", "[,]"),
    _grouped("[.]", ","),
    Spelling(_plain_body(","), ","),
    *(_grouped(marks, decimal) for marks in (_SPACES, _TICKS) for decimal in ".,"),
)
