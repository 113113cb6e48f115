"""The languages of posts: adding one is an entry here, how its code is run (``running/``), and
how it is taken away (``downloads/``).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    name: str  # in front matter and in fences
    title: str  # wherever people read it
    script: str  # how the address of a post's script ends
    kernel: tuple[str, str, str]  # of a notebook: its name, its title, and its own language


LANGUAGES = (
    Language("python", "Python", "py", ("python3", "Python 3", "python")),
    Language("sql", "SQL", "sql", ("python3", "Python 3", "python")),
    Language("r", "R", "R", ("ir", "R", "R")),
)
BY_NAME = {language.name: language for language in LANGUAGES}
