"""Files that their owner alone may read, whatever the umask of the shell that started us."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

OTHERS = 0o077  # what the group and everybody else may do


def keep_new_files_private() -> None:
    """Let this process, and what it starts, make files of mode 0600 and folders of mode 0700."""
    os.umask(OTHERS)


def close_to_others(path: Path) -> None:
    """Take from others what they may do with a file or folder that is there and ours: a former
    version left it open to them, or whoever copied it."""
    with suppress(OSError):  # what is missing, another's, or on a read-only disk
        mode = path.stat().st_mode
        if mode & OTHERS:
            path.chmod(mode & 0o7777 & ~OTHERS)


def kept_secret(path: Path) -> str:
    """The secret in ``path``, made on the first call; two first calls agree on one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        try:
            path.hardlink_to(draft)  # fails if another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
