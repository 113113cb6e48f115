"""Every section of the admin, in the order of the menu: adding a page is a module with a
blueprint, and its place here. The registration and the menu read this list.
"""

from typing import Any

from flask import request
from flask_login import current_user

from newsletter.web.admin import overview, subscribers, tasks
from newsletter.web.admin.accounts import (
    account,
    audit,
    curators,
    factors,
    login,
    passkey_account,
    passkey_login,
    provider_login,
    second_step,
)
from newsletter.web.admin.datasets import (
    chart_choice,
    dataset_form,
    datasets,
    giving_up,
    unread,
    upload_api,
    versions,
)
from newsletter.web.admin.issues import issues, previews, sending
from newsletter.web.admin.posts import (
    post_previews,
    post_upload,
    posts,
    submission_post,
    submissions,
)
from newsletter.web.auth import permission_of
from newsletter.web.sections import Section, section_of

SECTIONS = (
    Section("Overview", (overview.blueprint,)),
    Section("Issues", (issues.blueprint, previews.blueprint, sending.blueprint)),
    Section(
        "Datasets",
        (
            datasets.blueprint,
            dataset_form.blueprint,
            unread.blueprint,
            versions.blueprint,
            chart_choice.blueprint,
            giving_up.blueprint,
            upload_api.blueprint,
        ),
    ),
    Section("Posts", (posts.blueprint, post_previews.blueprint, post_upload.blueprint)),
    Section("Submissions", (submissions.blueprint, submission_post.blueprint)),
    Section("Subscribers", (subscribers.blueprint,)),
    Section("Tasks", (tasks.blueprint,)),
    Section("Curators", (curators.blueprint, audit.blueprint)),
    Section("", (account.blueprint, factors.blueprint, passkey_account.blueprint)),
    Section(
        "",
        (
            *(login.blueprint, second_step.blueprint),
            *(passkey_login.blueprint, provider_login.blueprint),
        ),
    ),
)


def menu() -> dict[str, Any]:
    """What the menu of each page shows: the sections of whoever looks, and the one they are in."""
    here = section_of(SECTIONS, request.blueprint)
    return {
        "here": here.name if here else "",
        "sections": [
            section
            for section in SECTIONS
            if section.title
            and current_user.is_authenticated
            and permission_of(f"admin.{section.endpoint}") in current_user.permissions
        ],
    }
