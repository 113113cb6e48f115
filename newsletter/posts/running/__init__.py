"""Running a post: in a fresh environment, on the data that it names, and nowhere else.

Only the command line comes here. The code of a post is a stranger's: no process that serves
pages, keeps time or sends mail imports this package, and a contract in pyproject.toml holds
them to that. What runs in the environment itself is in ``inside/``.
"""
