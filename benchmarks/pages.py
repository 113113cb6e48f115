"""What a page of a list costs: CPU and SQL statements of a request, on a newsletter of five years.

The home is that of the tests: 260 Mondays, 200 datasets, 800 posts, 5,000 subscribers.
"""

import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.settings import Settings
from tests import large_home
from tests.conftest import BASE_URL
from tests.security.test_get_changes_nothing import statements
from tests.web.admin.conftest import Browser
from tests.web.test_statement_counts import home_of

PAGES = ("/", "/issues/", "/datasets/", "/posts/", "/feed.atom", "/admin/issues/", "/admin/posts/")
REQUESTS = 15


def main() -> None:
    with TemporaryDirectory() as folder:
        settings = Settings.load(
            {
                "NEWSLETTER_HOME": str(Path(folder, "home")),
                "NEWSLETTER_BASE_URL": BASE_URL,
                "NEWSLETTER_MAIL_FROM": "hello@news.example.org",
                "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street",
                "SECRET_KEY": "a secret for the benchmark, 0123456789",
            }
        )
        opened = large_home.copied(large_home.LARGE, settings)
        with home_of(opened) as (_, browser, _):
            figures = {}
            browser.client.application.extensions["page_cache"].room = 0  # each is made anew
            for page in PAGES:
                with statements(opened) as seen:
                    size = len(browser.get(page).data)
                cpu = statistics.median(_cpu(browser, page) for _ in range(REQUESTS))
                figures[page] = cpu
                print(f"{page:16} {cpu:7.1f} ms CPU {len(seen):5} statements {size:9,} bytes")
    print(json.dumps({"cpu_ms": {page: round(cpu, 1) for page, cpu in figures.items()}}))


def _cpu(browser: Browser, page: str) -> float:
    began = time.process_time()
    assert browser.get(page).status_code == 200
    return (time.process_time() - began) * 1000


if __name__ == "__main__":
    main()
