"""The public site: one blueprint an idea. None of them reads or sets a cookie."""

from newsletter.web.site import (
    archive,
    datasets,
    descriptions,
    files,
    home,
    subscribe,
    subscription,
)

BLUEPRINTS = (
    home.blueprint,
    subscribe.blueprint,
    subscription.blueprint,
    archive.blueprint,
    datasets.blueprint,
    files.blueprint,
    descriptions.blueprint,
)
