"""The old name of ``dataset_daily``, the client of readers: it goes in 0.5.

Where the client's own distribution is installed, this is that one, so that both names are of the
same classes; else it is the copy that the newsletter's wheel brings, under a name of its own, so
that no two distributions have a file in common.
"""

import warnings

try:
    import dataset_daily as client
except ModuleNotFoundError:
    import newsletter._dataset_daily as client  # type: ignore[no-redef]

warnings.warn(
    "newsletter.client is now dataset_daily, and goes in 0.5: install dataset-daily-client and"
    " write `from dataset_daily import load`.",
    DeprecationWarning,
    stacklevel=2,
)

CannotLoad = client.CannotLoad
Damaged = client.Damaged
Dataset = client.Dataset
NoSuchTable = client.NoSuchTable
NotInstalled = client.NotInstalled
Unreachable = client.Unreachable
Unusable = client.Unusable
Withdrawn = client.Withdrawn
datasets = client.datasets
latest = client.latest
load = client.load
