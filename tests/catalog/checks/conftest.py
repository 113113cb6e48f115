"""The web server of the tests of fetching, for the sources of datasets, too."""

from tests.fetching.conftest import web

__all__ = ["web"]
