"""How the time of a day is written, and what is said of days that need it."""

from collections.abc import Sequence

# As people write it: hours of one digit, and of two times twelve.
ANY_CLOCK = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,6})?)?( ?[AaPp]\.?[Mm]\.?)?"
# Of a name that is looked up. All letters of Unicode, many times over, would take each pattern
# twenty milliseconds to compile.
LETTER = r"[A-Za-z\x{80}-\x{10FFFF}]"
HALF_DAY = "[0-9]{1,2}(:[0-9]{2}){0,2} ?[AaPp]\\.?[Mm]\\.?"
CLOCK_FORMATS = (
    *("%H:%M", "%H:%M:%S", "%H:%M:%S.%f"),
    *("%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p", "%I %p", "%I%p"),
)
FIRST_DAYS = "as the first day of each"
CENTURIES = "with years of two digits as 1969 to 2068"


def formats(listed: Sequence[str]) -> str:
    """Formats of strptime as a list of SQL."""
    return "[" + ", ".join(f"'{format_}'" for format_ in listed) + "]"
