"""The Flask app: everything that is registered on it, in order."""

from flask import Flask

from newsletter.installation import Installation
from newsletter.resources import shipped
from newsletter.tables.querying.table_cache import Shelf
from newsletter.web import admin, errors, filters, health, limits, security, site
from newsletter.web.feeds import calendar_feed, feeds


def create_app(installation: Installation) -> Flask:
    """The site and the admin of one installation, as a WSGI app."""
    app = Flask("newsletter.web", template_folder=str(shipped("templates")))
    app.extensions["newsletter"] = installation
    app.extensions["shelf"] = Shelf(installation.storage.root)
    app.jinja_options["trim_blocks"] = True
    app.jinja_options["lstrip_blocks"] = True
    security.protect(app, installation)
    errors.register(app)
    filters.register(app)
    limits.register(app)
    for blueprint in (*site.BLUEPRINTS, feeds.blueprint, calendar_feed.blueprint, health.blueprint):
        app.register_blueprint(blueprint)
    admin.register(app)
    return app
