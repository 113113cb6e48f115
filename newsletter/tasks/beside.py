"""Work that does not look up, such as a long copy or a connection that is silent, beside a
task's own thread: so that the task is stopped at once all the same.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from newsletter.tasks.attempt import Attempt, Stopped

T = TypeVar("T")
Watch = Callable[[str, float], None]

WHOLE = 100  # of which ``part`` is told as progress
LOOK_SECONDS = 0.1
END_SECONDS = 1.0  # that the work has to end by itself once it is stopped


def run_beside(attempt: Attempt, work: Callable[[Watch], T]) -> T:
    """What ``work`` returns or raises. It is given a function to be told what it is at and which
    part of the whole is done, from 0 to 1; once the task is stopped, that raises.

    Work that does not call it in time is left to end alone, so it may change nothing but files
    that nobody refers to yet. Raises Stopped.
    """
    answer: Future[T] = Future()
    stop = threading.Event()
    now = [("", 0.0)]

    def watch(step: str, part: float) -> None:
        if stop.is_set():
            raise Stopped("The task was stopped.")
        now[0] = (step, part)

    def run() -> None:
        try:
            answer.set_result(work(watch))
        except BaseException as error:
            answer.set_exception(error)

    # A daemon: the process does not wait for it either.
    thread = threading.Thread(target=run, name=f"task-{attempt.task_id}", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(LOOK_SECONDS)
            step, part = now[0]
            attempt.progress(int(WHOLE * part), WHOLE, step)
        return answer.result()
    except BaseException:
        stop.set()
        thread.join(END_SECONDS)
        raise
