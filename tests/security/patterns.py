"""Every regular expression of the package, and texts that a bad one is slow on.

A pattern is slow where a repetition can match one text in several ways: a text that repeats
what it takes, and ends in what it does not, is then tried in all of them.
"""

import ast
import builtins
import importlib
import importlib.util
import pkgutil
import re
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from re import _compiler as compiler  # type: ignore[attr-defined]
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

# Which functions of re take a pattern, and where their flags are.
FLAGS_AT = {"compile": 1, "match": 2, "fullmatch": 2, "search": 2, "findall": 2, "finditer": 2,
            "split": 3, "sub": 4, "subn": 4}  # fmt: skip
METHODS = {"match", "fullmatch", "search"}  # the others do what search does
SIGNS = ("a", "A", "0", " ", "\t", "\n", "-", ".", "/", "<", ">", '"', "'", "_", ",", "=", "é", "%")
REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT}
MANY = 20  # times: a repetition that may go on for longer
ENDS = ("", "!", "\0")
# So close to each other that the first one that is slow takes a second, not a year.
SIZES = (*range(12, 64, 3), *(int(64 * 1.5**step) for step in range(12)), 10_000)
SLOW = 0.05  # seconds of a core


class Pattern(NamedTuple):
    place: str
    compiled: re.Pattern[Any]
    methods: frozenset[str]

    def slow_on(self) -> str | None:
        """A text of 10 KB at most that it takes too long for."""
        for attack, size in product(attacks(self.compiled), SIZES):
            prefix, pump, end = attack
            text: Any = prefix + pump * max(1, size // len(pump)) + end
            if isinstance(self.compiled.pattern, bytes):
                text = text.encode("latin-1")
            for method in self.methods:
                began = time.thread_time()
                getattr(self.compiled, method)(text)
                if time.thread_time() - began > SLOW:
                    return f"{self.place}: {method} of {prefix!r} + {pump!r} * {size} + {end!r}"
        return None


def all_patterns(package: str) -> Iterator[Pattern]:
    """Those that stand in the modules of ``package``, and those that their functions made."""
    root = importlib.import_module(package)
    found = pkgutil.walk_packages(root.__path__, f"{package}.")
    names = [module.name for module in found if module.name != "newsletter.client"]  # deprecated
    sources = {name: source for name in names if (source := _source(name))}
    everywhere = "\n".join(sources.values())
    for name, source in sources.items():
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
        if any(map(_is_of_re, calls)):
            module = importlib.import_module(name)
            for call in filter(_is_of_re, calls):
                yield _written(call, module, everywhere)
            yield from _made(module)


def attacks(compiled: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """A beginning, what is repeated, and an end."""
    tree = parser.parse(compiled.pattern, compiled.flags & ~re.DEBUG)
    for prefix, pump in {*_pumps(tree, ""), *(("", sign) for sign in SIGNS)}:
        for end in ENDS:
            yield prefix, pump, end


def _source(name: str) -> str:
    spec = importlib.util.find_spec(name)
    is_code = spec is not None and spec.origin is not None and spec.origin.endswith(".py")
    if not is_code or ".versions.0" in name or name.endswith("__main__"):
        return ""
    assert spec is not None
    return Path(str(spec.origin)).read_text("utf-8")


def _is_of_re(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
        and function.attr in FLAGS_AT
    )


class _Names(dict[str, Any]):
    """A local variable stands for some word."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, "word")


def _written(call: ast.Call, module: ModuleType, everywhere: str) -> Pattern:
    assert isinstance(call.func, ast.Attribute)
    method, names = call.func.attr, _Names(vars(module))
    values = [_value(argument, names) for argument in call.args[:1]]
    flags_at = FLAGS_AT[method]
    flagged = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    flagged += call.args[flags_at : flags_at + 1]
    flags = _value(flagged[0], names) if flagged else 0
    pattern = values[0].pattern if isinstance(values[0], re.Pattern) else values[0]
    compiled = re.compile(pattern, flags)
    called = {method}
    if method == "compile":
        own = [name for name, value in vars(module).items() if value is compiled]
        called = {used for name in own for used in re.findall(rf"\b{name}\.(\w+)", everywhere)}
    methods = frozenset(name if name in METHODS else "search" for name in called)
    return Pattern(f"{module.__name__}:{call.lineno}", compiled, methods or frozenset({"search"}))


def _value(node: ast.expr, names: _Names) -> Any:
    return eval(compile(ast.Expression(node), "pattern", "eval"), {}, names)


def _made(module: ModuleType) -> Iterator[Pattern]:
    """What functions of the module compiled, and keep: validators of fields."""
    for name, value in vars(module).items():
        if type(value).__name__ != "_AnnotatedAlias":
            continue
        for metadata in value.__metadata__:
            function = getattr(metadata, "func", None)
            if isinstance(function, FunctionType):
                for cell in function.__closure__ or ():
                    if isinstance(cell.cell_contents, re.Pattern):
                        used = frozenset({"fullmatch"})
                        yield Pattern(f"{module.__name__}.{name}", cell.cell_contents, used)


def _pumps(tree: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """What leads to each repetition in ``tree``, and texts that it repeats."""
    for op, argument in tree:
        if op in REPEATS:
            _, most, body = argument
            if most == codes.MAXREPEAT or most > MANY:
                yield from ((prefix, pump) for pump in _examples(body, tree.state) if pump)
            yield from _pumps(body, prefix)
        elif op is codes.SUBPATTERN:
            yield from _pumps(argument[-1], prefix)
        elif op is codes.BRANCH:
            for choice in argument[1]:
                yield from _pumps(choice, prefix)
        elif op is codes.ATOMIC_GROUP:
            yield from _pumps(argument, prefix)
        prefix += next(iter(_examples([(op, argument)], tree.state)), "")


def _examples(items: Any, state: Any) -> list[str]:
    """Texts that the items match, one after the other; not all, but of each choice one."""
    texts = [""]
    for op, argument in items:
        texts = [text + more for text, more in product(texts[:6], _of_one(op, argument, state))]
    return texts


def _of_one(op: Any, argument: Any, state: Any) -> list[str]:
    if op is codes.LITERAL:
        return [chr(argument)]
    if op in (codes.IN, codes.ANY, codes.NOT_LITERAL):
        one = compiler.compile(parser.SubPattern(state, [(op, argument)]), state.flags)
        ranges = [chr(low) for kind, low in _ends(op, argument) if kind is codes.RANGE]
        literals = [chr(low) for kind, low in _ends(op, argument) if kind is codes.LITERAL]
        is_bytes = not isinstance(state.str, str)
        signs = [
            sign
            for sign in (*SIGNS, *ranges, *literals)
            if one.fullmatch(sign.encode("latin-1", "replace") if is_bytes else sign)
        ]
        return signs[:4] or [""]
    if op in REPEATS:
        least, _, body = argument
        examples = _examples(body, state)
        return [example * max(1, least) for example in examples] + ([""] if not least else [])
    if op is codes.SUBPATTERN:
        return _examples(argument[-1], state)
    if op is codes.BRANCH:
        return [text for choice in argument[1] for text in _examples(choice, state)[:2]]
    if op is codes.ATOMIC_GROUP:
        return _examples(argument, state)
    return [""]  # positions and looks take nothing


def _ends(op: Any, argument: Any) -> Iterator[tuple[Any, int]]:
    if op is codes.IN:
        for kind, value in argument:
            if kind is codes.RANGE:
                yield kind, value[0]
            elif kind is codes.LITERAL:
                yield kind, value
