from pathlib import Path

import pytest

from newsletter.tables.reading.gauge import (
    ALMOST,
    FILE,
    KEEPING,
    MOST,
    PROFILING,
    STEPS,
    TYPING,
    UNPACKING,
    Gauge,
    look,
)


def test_a_step_and_its_part_are_seen_from_outside(tmp_path: Path) -> None:
    assert look(tmp_path) == (UNPACKING, 0.0)
    gauge = Gauge(tmp_path)
    with gauge.kept():
        gauge.step(TYPING, lambda: 0.5)
        while look(tmp_path)[0] != TYPING:
            pass
    name, part = look(tmp_path)
    assert name == TYPING
    assert part == pytest.approx((STEPS[TYPING] + STEPS[PROFILING]) / 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{TYPING} 7", (TYPING, STEPS[PROFILING])),
        (f"{TYPING} -3", (TYPING, STEPS[TYPING])),
        (f"{TYPING} nan", (TYPING, STEPS[TYPING])),
        (f"{KEEPING} 1.0", (KEEPING, ALMOST)),
        ("dancing 0.5", (UNPACKING, 0.0)),
        ("", (UNPACKING, 0.0)),
        ("x" * (MOST + 1), (UNPACKING, 0.0)),
        ("\udcff 0.5", (UNPACKING, 0.0)),
    ],
)
def test_what_a_child_may_write_there_does_no_harm(
    tmp_path: Path, text: str, expected: tuple[str, float]
) -> None:
    (tmp_path / FILE).write_bytes(text.encode(errors="surrogateescape"))
    assert look(tmp_path) == expected
