"""The public site: one blueprint an idea. None of them reads or sets a cookie."""

from newsletter.web.site import (
    archive,
    charts,
    datasets,
    descriptions,
    files,
    home,
    made_with,
    posts,
    rows,
    subscribe,
    subscription,
    taking_part,
    versions,
)

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
    made_with.blueprint,
    taking_part.blueprint,
)
