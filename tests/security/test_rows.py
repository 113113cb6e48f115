"""Each row of README.md beside this file has its test, and each test its row."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]


def test_each_row_has_a_module_of_tests_that_is_named_after_it() -> None:
    named: set[str] = set()
    for path in HERE.glob("test_*.py"):
        module = ast.parse(path.read_text())
        row = re.match(r'Row "([^"]+)"', " ".join((ast.get_docstring(module) or "").split()))
        functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
        tests = [function for function in functions if function.name.startswith("test_")]
        if row is not None and tests:
            named.add(row[1])
    assert named == set(rows())


def test_what_a_row_refers_to_is_there() -> None:
    paths = re.findall(r"`(tests/[\w/]+\.py)`", (HERE / "README.md").read_text())
    assert paths
    assert all((REPOSITORY / path).is_file() for path in paths)


def rows() -> list[str]:
    lines = re.findall(r"^\| (.+?) \|", (HERE / "README.md").read_text(), re.MULTILINE)
    return [line for line in lines if line not in {"row", "---"}]
