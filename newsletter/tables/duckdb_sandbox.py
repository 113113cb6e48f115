"""DuckDB shut in one folder: no network, no extension, no other file, and no way back.

Its documentation says that SQL and files are assumed trusted; strangers' files are not.
"""

from pathlib import Path

import duckdb


def connect(
    folder: Path, memory: str, threads: int, spill: str | None = None
) -> duckdb.DuckDBPyConnection:
    """A database in memory that may hold ``memory`` and sees nothing but ``folder``, with UTC.

    What does not fit may take ``spill`` of the disk there; None: nothing is written. Both are
    sizes as DuckDB spells them, such as 512MB.
    """
    connection = duckdb.connect(":memory:")
    place = str(folder.resolve()).replace("'", "''")
    spilling = (
        (f"temp_directory = '{place}/spill'", f"max_temp_directory_size = '{spill}'")
        if spill
        else ("temp_directory = ''",)
    )
    for setting in (
        f"memory_limit = '{memory}'",
        f"threads = {threads}",
        *spilling,
        "enable_progress_bar = true",  # so that it can be asked how far a query is
        "enable_progress_bar_print = false",
        "GLOBAL TimeZone = 'UTC'",  # of every cursor
        "allow_community_extensions = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        f"allowed_directories = ['{place}/']",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
    return connection
