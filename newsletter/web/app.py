"""The Flask app: everything that is registered on it, in order."""

from flask import Flask

from newsletter.installation import Installation
from newsletter.resources import shipped
from newsletter.tables.querying.table_cache import Shelf
from newsletter.web import (
    admin,
    errors,
    feeds,
    filters,
    health,
    limits,
    plain_request,
    request_log,
    security,
)
from newsletter.web.responses import page_cache, static_files
from newsletter.web.site import sections
from newsletter.web.site.datasets import tombstones


def create_app(installation: Installation) -> Flask:
    """The site and the admin of one installation, as a WSGI app."""
    app = Flask("newsletter.web", template_folder=str(shipped("templates")), static_folder=None)
    app.extensions["newsletter"] = installation
    app.extensions["shelf"] = Shelf(installation.storage.root)
    app.jinja_options["trim_blocks"] = True
    app.jinja_options["lstrip_blocks"] = True
    request_log.register(app, installation.settings.request_log)
    page_cache.register(app)
    plain_request.register(app)
    security.protect(app, installation)
    errors.register(app)
    tombstones.register(app)
    filters.register(app)
    limits.register(app)
    static_files.register(app)
    site_blueprints = [part for section in sections.SECTIONS for part in section.blueprints]
    for blueprint in (*site_blueprints, *feeds.BLUEPRINTS, health.blueprint):
        app.register_blueprint(blueprint)
    app.context_processor(sections.menu)
    admin.register(app)
    return app
