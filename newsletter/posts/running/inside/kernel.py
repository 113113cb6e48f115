"""The kernel that runs a post's Python and SQL: figures at twice their size, no history."""

from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config


def main() -> None:
    config = Config()
    config.InlineBackend.figure_formats = {"retina"}
    config.HistoryManager.enabled = False
    IPKernelApp.launch_instance(config=config)


if __name__ == "__main__":
    main()
