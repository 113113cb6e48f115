"""The time that a dataset covers, in words."""


def in_words(temporal: str) -> str:
    """An ISO 8601 year, date or span as people say it: ``2007/2009`` is "2007 to 2009",
    ``1958/..`` is "since 1958"."""
    first, _, last = temporal.partition("/")
    if last == "..":
        return f"since {first}"
    return f"{first} to {last}" if last else first
