"""YAML that a person wrote: plain values only, nothing silent.

On top of ``yaml.SafeLoader`` it refuses aliases (a few lines of them can
stand for gigabytes) and keys written twice (the first would be lost).
"""

from collections.abc import Hashable
from typing import Any

import yaml

from newsletter.errors import UnreadablePackage


class _PlainLoader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not read, write the value out",
                problem_mark=event.start_mark,
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{name} is written twice", problem_mark=key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


def load_mapping(text: str, name: str = "dataset.yaml") -> dict[str, Any]:
    """The mapping that ``text`` holds; ``name`` is what a complaint calls it.

    Raises UnreadablePackage with the line, for anything else than one YAML
    document that is a mapping with plain keys.
    """
    try:
        loaded = yaml.load(text, Loader=_PlainLoader)  # noqa: S506 (a SafeLoader, made stricter)
    except yaml.MarkedYAMLError as error:
        raise UnreadablePackage(_sentence(error, name)) from error
    except yaml.reader.ReaderError as error:
        code_point = f"U+{error.character:04X}"
        raise UnreadablePackage(
            f"{name} holds {code_point}, which YAML forbids: take it out."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadablePackage(f"{name} is not YAML: {str(error).rstrip('.')}.") from error
    except RecursionError as error:
        raise UnreadablePackage(f"{name} is nested too deeply: make it flatter.") from error
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise UnreadablePackage(f"{name} must be a mapping: lines such as `title: Penguins`.")
    return loaded


def _sentence(error: yaml.MarkedYAMLError, name: str) -> str:
    mark = error.problem_mark or error.context_mark
    where = f" line {mark.line + 1}" if mark else ""
    return f"{name}{where}: {error.problem or error.context}."
