"""`newsletter dataset`: each command, and the module of this package that has it."""

from newsletter.cli import LazyGroup

WHERE = {
    "add": "adding",
    "update": "versions",
    "diff": "versions",
    "publish": "versions",
    "correct": "versions",
    "list": "datasets",
    "show": "datasets",
    "profile": "datasets",
    "chart": "charts",
    "describe": "datasets",
    "export": "datasets",
    "check": "catalog_checks",
    "delete": "reading",
    "drop-files": "reading",
    "withdraw": "withdrawing",
    "restore": "withdrawing",
}

dataset_group = LazyGroup(
    "dataset", where=WHERE, package=__package__, help="Add, list, show and export datasets."
)

COMMANDS = (dataset_group,)
