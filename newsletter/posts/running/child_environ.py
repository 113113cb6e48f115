"""Which variables of our environment go where: a post's code sees none of ours."""

import re
from collections.abc import Mapping
from pathlib import Path

# What pip and uv need to find an index: where it is, through which proxy, by whose certificate.
INSTALLERS = re.compile(
    r"PATH|HOME|TMPDIR|LANG|LC_ALL|XDG_CACHE_HOME|XDG_CONFIG_HOME|NETRC"
    r"|(PIP|UV|R_LIBS)_\w+|R_LIBS|(ALL|HTTPS?|NO)_PROXY|(SSL_CERT|REQUESTS_CA|CURL_CA)_\w+",
    re.IGNORECASE,
)
# An index that only pip was told of: uv reads none of pip's names.
FOR_UV = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
}


def for_installer(ours: Mapping[str, str]) -> dict[str, str]:
    """The environment in which packages are installed, which runs none of their code."""
    kept = {name: value for name, value in ours.items() if INSTALLERS.fullmatch(name)}
    for_uv = {uv: kept[pip] for pip, uv in FOR_UV.items() if pip in kept}
    return {**for_uv, **kept}


def for_code(path: str, home: Path, **more: str) -> dict[str, str]:
    """The environment of a post's code: a ``PATH``, a home of its own, and nothing of ours."""
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": path,
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        **more,
    }
