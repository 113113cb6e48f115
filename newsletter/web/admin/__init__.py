"""The admin: where curators add datasets, place issues and watch them go out.

Everything under /admin/ is refused to whoever is not signed in, but for the
few pages named in ``auth.OPEN``; and every POST wants the session's CSRF token.
"""

from flask import Blueprint, Flask

from newsletter.web import auth
from newsletter.web.admin import audited, flash, sections, template_filters
from newsletter.web.limits import admin_limiter

admin = Blueprint("admin", __name__, url_prefix="/admin")
admin.before_request(auth.guard)
admin.after_request(auth.keep_private)
admin.after_request(flash.fit_into_a_cookie)
admin.context_processor(template_filters.everywhere)
admin.context_processor(sections.menu)
for section in sections.SECTIONS:
    for blueprint in section.blueprints:
        admin.register_blueprint(blueprint)


def register(app: Flask) -> None:
    """Add the admin and its sessions to ``app``. Public pages get no session and no CSRF."""
    auth.init_app(app)
    audited.watch(app.extensions["newsletter"])
    admin_limiter.init_app(app)
    for name, template_filter in template_filters.FILTERS.items():
        app.add_template_filter(template_filter, name)
    app.register_blueprint(admin)
