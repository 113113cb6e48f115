"""What docs/architecture.md says of files holds: see tests/structure.py, which measures it."""

import ast
from pathlib import Path

import pytest

from tests import structure
from tests.structure import ROOT

# Heavy to load, and not needed by every command: see the comment at each place.
MAY_BE_LATE = {"authlib", "boto3", "botocore", "charset_normalizer", "joserfc"}


@pytest.mark.parametrize(
    "module", structure.modules(), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_module_is_not_too_long_and_hides_no_import(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= structure.LINES_OF_A_MODULE
    late = {
        name.split(".")[0]
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        for name in _imported(node)
    }
    assert late <= MAY_BE_LATE


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or "."]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_no_module_is_a_drawer_for_everything() -> None:
    names = {path.stem for path in structure.modules()}
    assert not names & {"utils", "helpers", "misc", "common"}


def test_no_module_imports_in_a_circle() -> None:
    assert structure.import_cycles() == []


def test_a_circle_would_be_seen() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a"}}
    assert structure.cycles(imports) == [["a", "b", "c"]]


def test_functions_are_short() -> None:
    assert list(structure.long_functions()) == []


def test_names_are_those_of_the_trade() -> None:
    assert list(structure.private_names()) == []
    assert list(structure.private_phrases()) == []


def test_a_folder_is_not_crowded() -> None:
    crowded = structure.modules_by_folder().most_common(1)[0]
    assert crowded[1] <= structure.MODULES_OF_A_FOLDER, crowded
