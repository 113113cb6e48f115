"""Why a table cannot be had, each in one sentence that says what to do.

CannotLoad
├── NoSuchTable    the newsletter has no such dataset, version or table
│   └── Withdrawn  it had, and took it back
├── Unreachable    the newsletter does not answer, or answers that it cannot
├── Damaged        what came is not what was published
├── NotInstalled   pandas or polars is wanted and not there
└── Unusable       an argument, or the cache's folder, does not do
"""


class CannotLoad(Exception):
    """The root of all that this package raises on purpose."""


class NoSuchTable(CannotLoad):
    pass


class Withdrawn(NoSuchTable):
    pass


class Unreachable(CannotLoad):
    pass


class Damaged(CannotLoad):
    pass


class NotInstalled(CannotLoad):
    pass


class Unusable(CannotLoad):
    pass
