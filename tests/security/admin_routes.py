"""Every route of the admin, as an address of the seeded newsletter."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flask import Flask

EXAMPLES: dict[str, object] = {
    "task_id": 1,
    "slug": "penguins",
    "post": "penguins-who-is-who",
    "day": "2026-11-23",
    "number": 1,
    "kind": "png",
    "table": "penguins",
    "place": 1,
    "form": "csv",
    "token": "AAAA",
    "state": "failed",
    "reason": "rejected",
}


class Route(NamedTuple):
    endpoint: str
    method: str
    path: str


def admin_routes(app: Flask, others: Mapping[str, object] = EXAMPLES) -> Iterator[Route]:
    """Each rule under /admin with each method that it takes; with ``others`` of the examples."""
    urls = app.url_map.bind("news.example.org")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin"):
            values = {name: (EXAMPLES | dict(others))[name] for name in rule.arguments}
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield Route(rule.endpoint, method, urls.build(rule.endpoint, values, method))
