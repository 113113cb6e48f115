"""The public site: one blueprint an idea. None of them reads or sets a cookie."""

from newsletter.web.site import archive, contribute, home, showcase, subscribe, subscription
from newsletter.web.site.datasets import charts, datasets, descriptions, files, rows, versions
from newsletter.web.site.posts import posts

BLUEPRINTS = (
    home.blueprint,
    subscribe.blueprint,
    subscription.blueprint,
    archive.blueprint,
    datasets.blueprint,
    posts.blueprint,
    versions.blueprint,
    files.blueprint,
    charts.blueprint,
    rows.blueprint,
    descriptions.blueprint,
    showcase.blueprint,
    contribute.blueprint,
)
