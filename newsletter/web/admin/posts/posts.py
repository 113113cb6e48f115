"""Posts as curators see them: drafts too, what came of running each, and what is still wrong."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter import clock
from newsletter.issues import calendar
from newsletter.models.post import PostState
from newsletter.posts import posts
from newsletter.services import slots
from newsletter.web.admin.flash import told
from newsletter.web.context import installation
from newsletter.web.security import content_security_policy
from newsletter.web.site.posts.posts import last_run

blueprint = Blueprint("posts", __name__, url_prefix="/posts")


@blueprint.get("/")
def index() -> ResponseReturnValue:
    words = request.args.get("q", "")[:200]
    with installation().db.read() as session:
        shown = [
            (post, last_run(post), calendar.mailing_of(session, post))
            for post in posts.everything(session)
            if words.casefold() in f"{post.title} {post.slug} {post.author}".casefold()
        ]
        return render_template("admin/posts.html", shown=shown, words=words)


@blueprint.get("/<post>/")
def show(post: str) -> Response:
    opened, now = installation(), clock.now()
    with opened.db.read() as session:
        found = posts.get(session, post)
        page = render_template(
            "admin/post.html",
            post=found,
            run=last_run(found),
            problems=[] if found.state is PostState.PUBLISHED else posts.problems_of(found),
            mailing=calendar.mailing_of(session, found),
            free=slots.free(slots.post_days(session, opened.settings, now), now),
        )
    response = make_response(page)
    policy = content_security_policy({"frame-src": "'self'"})
    response.headers["Content-Security-Policy"] = policy
    return response


@blueprint.post("/<post>/publish")
def publish(post: str) -> ResponseReturnValue:
    with told("It is published."), installation().db.write() as session:
        posts.publish(posts.get(session, post), clock.now())
    return redirect(url_for("admin.posts.show", post=post))


@blueprint.post("/<post>/withdraw")
def withdraw(post: str) -> ResponseReturnValue:
    with told("It is withdrawn: no reader sees it."), installation().db.write() as session:
        posts.withdraw(posts.get(session, post), clock.now())
    return redirect(url_for("admin.posts.show", post=post))
