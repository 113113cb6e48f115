"""The public specifications that no package ships a validator of, as JSON Schemas."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

SCHEMAS = Path(__file__).with_name("schemas")


def complaints(document: Any, schema: str) -> list[str]:
    """Each thing in ``document`` that ``schema`` does not allow, and where."""
    asked = json.loads((SCHEMAS / schema).read_text(encoding="utf-8"))
    Draft7Validator.check_schema(asked)
    validator = Draft7Validator(asked, format_checker=Draft7Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
