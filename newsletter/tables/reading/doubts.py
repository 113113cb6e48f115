"""Notes on what was decided and a person should look at: alerts, too."""


class Doubt(str):
    """A sentence about a table or one of its columns, with the code of the alert that it is."""

    __slots__ = ("code", "column")

    code: str
    column: str | None

    def __new__(cls, text: str, code: str, column: str | None = None) -> "Doubt":
        doubt = super().__new__(cls, text)
        doubt.code, doubt.column = code, column
        return doubt
