"""What the tests of hostile requests stand on: the site and the admin as tests/web has them."""

from tests.transports.conftest import smtp_sink
from tests.web.admin.conftest import curator, new_browser, nobody, owner, people
from tests.web.conftest import app, client, installation, seeded

__all__ = [
    "app",
    "client",
    "curator",
    "installation",
    "new_browser",
    "nobody",
    "owner",
    "people",
    "seeded",
    "smtp_sink",
]
