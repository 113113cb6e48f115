"""Sizes of files, as people say them."""

STEP = 1000
UNITS = ("kB", "MB", "GB")


def readable_size(size: int) -> str:
    """A size in bytes with two digits or more: 14 kB, 2.1 MB. Decimal, as file managers have it."""
    if size < STEP:
        return "1 byte" if size == 1 else f"{size} bytes"
    for power, unit in enumerate(UNITS, 1):
        rounded = _rounded(size, STEP**power)
        if float(rounded) < STEP or unit == UNITS[-1]:
            return f"{rounded} {unit}"
    raise AssertionError


def _rounded(size: int, unit: int) -> str:
    """``size`` in units, with one decimal where the digits before it are fewer than two."""
    with_decimal = f"{size / unit:.1f}"
    return with_decimal if float(with_decimal) < 10 else f"{size / unit:.0f}"
