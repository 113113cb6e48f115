"""The admin: where curators add datasets, place issues and watch them go out.

Everything under /admin/ is refused to whoever is not signed in, but for the
few pages named in ``auth.OPEN``; and every POST wants the session's CSRF token.
"""

from flask import Blueprint, Flask

from newsletter.web import auth
from newsletter.web.admin import (
    account,
    arrivals,
    curators,
    dataset_form,
    datasets,
    issues,
    login,
    overview,
    post_previews,
    post_upload,
    posts,
    previews,
    sending,
    submission_post,
    submissions,
    subscribers,
    versions,
    wording,
)
from newsletter.web.admin.limits import limiter

admin = Blueprint("admin", __name__, url_prefix="/admin")
admin.before_request(auth.guard)
admin.after_request(auth.keep_private)
admin.context_processor(wording.everywhere)
for part in (
    account,
    arrivals,
    curators,
    dataset_form,
    datasets,
    issues,
    login,
    overview,
    post_previews,
    post_upload,
    posts,
    previews,
    sending,
    submission_post,
    submissions,
    subscribers,
    versions,
):
    admin.register_blueprint(part.blueprint)


def register(app: Flask) -> None:
    """Add the admin and its sessions to ``app``. Public pages get no session and no CSRF."""
    auth.init_app(app)
    limiter.init_app(app)
    for name, said in wording.FILTERS.items():
        app.add_template_filter(said, name)
    app.register_blueprint(admin)
