"""Make an environment ready, and print the version of each package named, as JSON.

Matplotlib looks for the fonts of the machine when it is first imported, and complains in the
midst of a post's output if that takes long.
"""

import json
import platform
import sys
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec


def main() -> None:
    if find_spec("matplotlib"):
        import_module("matplotlib.font_manager")
    versions = {"python": platform.python_version()}
    for name in sys.argv[1:]:
        with suppress(PackageNotFoundError):  # required elsewhere, as its marker says
            versions[name] = version(name)
    print(json.dumps(versions))  # noqa: T201


if __name__ == "__main__":
    main()
