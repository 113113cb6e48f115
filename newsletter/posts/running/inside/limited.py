"""Become another program, with limits: MEMORY_BYTES FILE_BYTES SECONDS PROGRAM ARGUMENT..."""

import os
import resource
import signal
import sys


def main() -> None:
    memory, file_size, seconds = map(int, sys.argv[1:4])
    for what, most in (
        (resource.RLIMIT_DATA, memory),  # not AS: what is only reserved costs nothing
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    signal.alarm(seconds)  # it lasts through exec
    os.execvp(sys.argv[4], sys.argv[4:])  # noqa: S606


if __name__ == "__main__":
    main()
