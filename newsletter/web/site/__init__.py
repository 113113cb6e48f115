"""The public site: one blueprint an idea. None of them reads or sets a cookie."""

from newsletter.web.site import (
    archive,
    charts,
    datasets,
    descriptions,
    files,
    home,
    posts,
    rows,
    subscribe,
    subscription,
    versions,
)

BLUEPRINTS = (
    home.blueprint,
    subscribe.blueprint,
    subscription.blueprint,
    archive.blueprint,
    datasets.blueprint,
    versions.blueprint,
    files.blueprint,
    posts.blueprint,
    charts.blueprint,
    rows.blueprint,
    descriptions.blueprint,
)
