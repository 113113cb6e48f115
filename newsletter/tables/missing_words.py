"""The words that people and programs write where there is no value."""

# In lower case, and without blanks around.
MISSING_WORDS = (
    *("", "na", "n/a", "<na>", "(na)", "#n/a", "#na", "#n/a n/a", "nan", "-nan", "+nan", "null"),
    *("none", "nil", "missing", "unknown", "not available", "\\n", "?"),
    *("-", "--", "---", "\u2013", "\u2014", "\u2212", ".", "..", "...", "\u2026", ":"),
    *("*", "**", "***", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan"),
    # What a spreadsheet shows of a formula that fails.
    *("#div/0!", "#name?", "#null!", "#num!", "#ref!", "#value!"),
)
LONGEST = max(map(len, MISSING_WORDS))
BLANKS = " \t\r\n\u00a0\u2009\u202f"


def is_missing_word(value: str) -> str:
    """``value``, SQL of a text, as SQL that says whether it is one of the words."""
    words = ", ".join(f"'{word}'" for word in MISSING_WORDS)
    bare = f"lower(trim({value}, '{BLANKS}'))"
    return f"(length({value}) <= {3 * LONGEST} AND {bare} IN ({words}) OR {bare} = '')"
