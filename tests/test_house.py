"""The house keeps its order: what docs/architecture.md says of files holds."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path
    for package in ("newsletter", "client/dataset_daily")
    for path in (ROOT / package).rglob("*.py")
    if "versions" not in path.relative_to(ROOT).parts
)
# Heavy to load, and not needed by every command: see the comment at each place.
MAY_BE_LATE = {"boto3", "botocore", "charset_normalizer"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_at_most_300_lines_and_hides_no_import(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= 300
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
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "helpers", "misc", "common"}
