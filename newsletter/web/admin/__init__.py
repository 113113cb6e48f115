"""The admin: where curators add datasets, place issues and watch them go out.

Everything under /admin/ is refused to whoever is not signed in, but for the
few pages named in ``auth.OPEN``; and every POST wants the session's CSRF token.
"""

from flask import Blueprint, Flask

from newsletter.web import auth
from newsletter.web.admin import overview, subscribers, template_filters
from newsletter.web.admin.accounts import account, curators, login
from newsletter.web.admin.datasets import dataset_form, datasets, upload_api, versions
from newsletter.web.admin.issues import issues, previews, sending
from newsletter.web.admin.posts import (
    post_previews,
    post_upload,
    posts,
    submission_post,
    submissions,
)
from newsletter.web.limits import admin_limiter

admin = Blueprint("admin", __name__, url_prefix="/admin")
admin.before_request(auth.guard)
admin.after_request(auth.keep_private)
admin.context_processor(template_filters.everywhere)
for part in (
    account,
    upload_api,
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
    admin_limiter.init_app(app)
    for name, said in template_filters.FILTERS.items():
        app.add_template_filter(said, name)
    app.register_blueprint(admin)
