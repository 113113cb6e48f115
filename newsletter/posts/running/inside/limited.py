"""Become another program, with limits.

MEMORY_BYTES FILE_BYTES CPU_SECONDS SECONDS PROGRAM ARGUMENT...
"""

import os
import resource
import signal
import sys


def main() -> None:
    memory, file_size, processor, seconds = map(int, sys.argv[1:5])
    for what, most in (
        (resource.RLIMIT_DATA, memory),  # not AS: what is only reserved costs nothing
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    signal.alarm(seconds)  # it lasts through exec
    os.execvp(sys.argv[5], sys.argv[5:])  # noqa: S606


if __name__ == "__main__":
    main()
