"""What a post's language is called, wherever people read it."""

LANGUAGES = {"python": "Python", "sql": "SQL", "r": "R"}


def language_name(language: str) -> str:
    """The name of a language, or the word itself where it is none that we know."""
    return LANGUAGES.get(language, language.capitalize())
