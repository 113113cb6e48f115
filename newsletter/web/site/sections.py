"""Every section of the public site: adding a page is a module with a blueprint, and its place
here. The registration, the menu and the foot of each page read these lists.
"""

from typing import Any

from flask import request

from newsletter.web.feeds import FEEDS
from newsletter.web.sections import Section, section_of
from newsletter.web.site import archive, contribute, home, showcase, subscribe, subscription
from newsletter.web.site.datasets import charts, datasets, descriptions, files, rows, versions
from newsletter.web.site.posts import posts

SECTIONS = (
    Section("", (home.blueprint,)),
    Section("", (subscribe.blueprint, subscription.blueprint)),
    Section(
        "Datasets",
        (
            datasets.blueprint,
            versions.blueprint,
            files.blueprint,
            charts.blueprint,
            rows.blueprint,
            descriptions.blueprint,
        ),
    ),
    Section("Posts", (posts.blueprint,)),
    Section("Archive", (archive.blueprint,)),
    Section("", (showcase.blueprint,)),
    Section("", (contribute.blueprint,)),
)
FOOT = (  # title and endpoint
    *((feed.title, feed.endpoint) for feed in FEEDS),
    ("Catalog as JSON", "descriptions.index"),
    ("Suggest a dataset", "taking_part.suggest_form"),
    ("Share your code", "taking_part.share_form"),
)


def menu() -> dict[str, Any]:
    """What the menu and the foot of each page show, and the section that the page is in."""
    here = section_of(SECTIONS, request.blueprint)
    return {
        "site_section": here.name if here else "",
        "site_sections": [section for section in SECTIONS if section.title],
        "site_foot": FOOT,
        "site_feeds": [feed for feed in FEEDS if feed.media_type],
    }
