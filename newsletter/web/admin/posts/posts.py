"""Posts as curators see them: drafts too, what came of running each, and what is still wrong."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter import clock
from newsletter.curators.permissions import Permission
from newsletter.issues import calendar
from newsletter.models.post import PostState
from newsletter.posts import posts
from newsletter.services import slots
from newsletter.web.admin.flash import flashing
from newsletter.web.auth import needs
from newsletter.web.context import installation, page_number
from newsletter.web.security import content_security_policy
from newsletter.web.site.posts.posts import last_run

blueprint = Blueprint("posts", __name__, url_prefix="/posts")


@blueprint.get("/")
@needs(Permission.LOOK)
def index() -> ResponseReturnValue:
    words = request.args.get("q", "")[:200]
    with installation().db.read() as session:
        page = posts.page(session, words, page_number())
        return render_template(
            "admin/posts.html",
            page=page,
            runs={post.id: last_run(post) for post in page.rows},
            mailings=calendar.mailings_of(session, page.rows),
            words=words,
        )


@blueprint.get("/<post>/")
@needs(Permission.LOOK)
def show(post: str) -> Response:
    opened, now = installation(), clock.now()
    with opened.db.read() as session:
        shown = posts.get(session, post)
        page = render_template(
            "admin/post.html",
            post=shown,
            run=last_run(shown),
            problems=[] if shown.state is PostState.PUBLISHED else posts.problems_of(shown),
            mailing=calendar.mailing_of(session, shown),
            free=slots.free(slots.post_days(session, opened.settings, now), now),
        )
    response = make_response(page)
    policy = content_security_policy({"frame-src": "'self'"})
    response.headers["Content-Security-Policy"] = policy
    return response


@blueprint.post("/<post>/publish")
@needs(Permission.PUBLISH)
def publish(post: str) -> ResponseReturnValue:
    with flashing("It is published."), installation().db.write() as session:
        posts.publish(posts.get(session, post), clock.now())
    return redirect(url_for("admin.posts.show", post=post))


@blueprint.post("/<post>/withdraw")
@needs(Permission.PUBLISH)
def withdraw(post: str) -> ResponseReturnValue:
    with flashing("It is withdrawn: no reader sees it."), installation().db.write() as session:
        posts.withdraw(posts.get(session, post), clock.now())
    return redirect(url_for("admin.posts.show", post=post))
