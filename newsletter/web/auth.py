"""Sessions of curators: the cookie, the guard before the admin, the way in and out.

The session cookie is signed and holds a random key; a row of CuratorSession
says whose it is and whether it still holds (see newsletter.curators.logins), so that
signing out, here or everywhere, ends it for good. Only the admin looks at
it: the public site neither reads nor sets a cookie.
"""

import re
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf.csrf import CSRFError, CSRFProtect

from newsletter import clock
from newsletter.curators import (
    accounts,
    identities,
    logins,
    second_factor,
)
from newsletter.curators.browsers import in_words
from newsletter.curators.logins import Place
from newsletter.curators.permissions import MAY, Permission, refusal
from newsletter.installation import Installation
from newsletter.models.curator import Curator
from newsletter.web.context import client_address, installation

P = ParamSpec("P")
R = TypeVar("R")
View = TypeVar("View", bound=Callable[..., Any])
Again = Callable[P, str | Response]

# The pages of the admin that are open to whoever is not signed in.
OPEN = frozenset(
    {
        *("admin.login.sign_in", "admin.login.forgotten", "admin.login.reset"),
        *("admin.second_step.ask", "admin.passkey_login.options", "admin.passkey_login.sign_in"),
        *("admin.provider_login.begin", "admin.provider_login.come_back"),
    }
)
# And those that are left to whoever has to set up a second factor.
OF_FACTORS = frozenset(
    {
        *("admin.factors.index", "admin.factors.enable", "admin.login.sign_out"),
        *("admin.passkeys.options", "admin.passkeys.add"),
    }
)
HOME = "admin.overview.index"
USER = "_user_id"  # Flask-Login's name for it in the cookie
UPLOAD_BYTES = 256 * 1024 * 1024
FORM_BYTES = 4 * 1024 * 1024
FORM_PARTS = 20_000  # a wide table has thousands of fields
SECRET = {
    "csrf_token",
    "password",
    "current",
    "code",
    "setup",
}  # fields of forms that no page shows again

STALE = (
    "That form is stale: it was opened before you signed in, or in another session. "
    "Nothing was done; look it through and send it again."
)
PAGE_OF_ADMIN = re.compile(r"/admin/(?:[\w.~-]+/)*[\w.~-]*")  # one way to match, so it is quick
_again: dict[Callable[..., Any], Again[...]] = {}  # by view

manager = LoginManager()
manager.session_protection = None  # it would sign people out whose network changes
csrf = CSRFProtect()


class SignedIn(UserMixin):
    """The curator who makes the request, as views and templates see them."""

    def __init__(self, curator: Curator, key: str, lacks_factor: bool = False) -> None:
        self.id = curator.id
        self.address = curator.address
        self.role = curator.role
        self.key = key  # of this session
        self.lacks_factor = lacks_factor  # and has to set it up before anything else

    @property
    def permissions(self) -> frozenset[Permission]:
        return MAY[self.role]

    def get_id(self) -> str:
        return self.key


def init_app(app: Flask) -> None:
    """Add the curators' sessions to ``app``."""
    opened: Installation = app.extensions["newsletter"]
    secure = opened.settings.is_https
    app.config.update(
        SECRET_KEY=opened.signer.fingerprint("web", "session cookie"),
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=logins.ABSOLUTE,
        WTF_CSRF_CHECK_DEFAULT=False,  # the guard checks, and only for the admin
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open is not lost
        WTF_CSRF_SSL_STRICT=False,  # no Referer is needed where the cookie is __Host-
    )
    # Not manager.init_app: that looks into the session after every request, public
    # ones too, and each answer would then say Vary: Cookie.
    app.login_manager = manager  # type: ignore[attr-defined]
    manager.user_loader(load)
    csrf.init_app(app)
    accounts.matches(None, "")  # the first look at nobody's hash is slower than the others


def load(key: str) -> SignedIn | None:
    """Who is signed in with ``key``."""
    now = clock.now()
    db = installation().db
    with db.read() as transaction:
        row = logins.find_session(transaction, key, now)
        if row is None:
            return None
        lacks_factor = row.proof != identities.PROOF and second_factor.lacks_one(
            transaction, row.curator_id
        )
        user = SignedIn(row.curator, key, lacks_factor)
        stale, number = logins.is_stale(row, now), row.id
    if stale:
        with db.write() as transaction:
            logins.note_use(transaction, number, now, client_address())
    return user


def guard() -> ResponseReturnValue | None:
    """Before each request to the admin: let in who is signed in, and check the form's token."""
    if request.endpoint not in OPEN and not current_user.is_authenticated:
        if request.method == "POST" and USER in session:  # which ended meanwhile
            _take_large_forms()
            if any(value for _, value in _typed()):
                return _carried_on()
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("admin.login.sign_in", next=wanted))
    if current_user.is_authenticated:
        if request.endpoint not in OPEN:
            _check_permission()
            if current_user.lacks_factor and request.endpoint not in OF_FACTORS:
                flash("Set up a second factor first: the owners require it.", "refused")
                return redirect(url_for("admin.factors.index"))
        _take_large_forms()
    try:
        csrf.protect()
    except CSRFError:
        return _stale_form()
    return None


def keep_private(response: Response) -> Response:
    """No page of the admin is kept by a cache or found by a search engine."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def needs(permission: Permission) -> Callable[[View], View]:
    """Name what a view of the admin takes. A view without is refused to everybody."""

    def name(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return name


def require(permission: Permission) -> None:
    """Refuse what goes on, where it takes more than its route does."""
    if permission not in current_user.permissions:
        abort(403, refusal(permission))


def permission_of(endpoint: str | None) -> Permission | None:
    return getattr(current_app.view_functions.get(endpoint or ""), "permission", None)


def allowed(url: str, method: str = "GET") -> bool:
    """Whether a link or a form of a page leads where whoever looks may go."""
    path = url.partition("?")[0].partition("#")[0]
    endpoint, _ = current_app.url_map.bind("").match(path, method)
    return endpoint in OPEN or permission_of(endpoint) in current_user.permissions


def enter(curator: Curator, key: str) -> None:
    """Bind the session just opened to this browser. What its cookie held before is gone,
    so that a cookie planted before the login is worth nothing after it."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(curator, key))


def place(proof: str) -> Place:
    """Where the request comes from, who has proved by ``proof`` whose it is."""
    return Place(client_address(), in_words(request.headers.get("User-Agent", "")), proof)


def leave() -> None:
    """Forget this browser's session."""
    session.clear()


def safe_next(target: str) -> str:
    """``target`` if it is a page of the admin, else the overview: never another site."""
    path = target.partition("?")[0]
    is_ours = PAGE_OF_ADMIN.fullmatch(path) and ".." not in path
    return target if is_ours and target.isprintable() else url_for(HOME)


def shows_again(view: Callable[P, R]) -> Callable[[Again[P]], Again[P]]:
    """Name the function that shows the form of ``view`` again, with what was typed, when
    it came with the token of another session. It gets the view's arguments."""

    def note(again: Again[P]) -> Again[P]:
        _again[view] = again
        return again

    return note


def _check_permission() -> None:
    needed = permission_of(request.endpoint)
    if needed is None:
        abort(403, "Nobody may do that: it names no permission.")
    require(needed)


def _take_large_forms() -> None:
    request.max_content_length = UPLOAD_BYTES
    request.max_form_memory_size = FORM_BYTES
    request.max_form_parts = FORM_PARTS


def _typed() -> list[tuple[str, str]]:
    """What the form holds that a page may show again."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in SECRET]


def _carried_on() -> ResponseReturnValue:
    """The form again, hidden. Sent once more, after signing in, it comes without a token, and
    so it is shown to be looked through."""
    had_files = any(file.filename for file in request.files.values())
    page = render_template("admin/signed_out.html", typed=_typed(), had_files=had_files)
    return page, 403


def _stale_form() -> ResponseReturnValue:
    again = _again.get(current_app.view_functions[request.endpoint or ""])
    if again is not None and current_user.is_authenticated:
        return again(**request.view_args or {}), 400
    return render_template("admin/stale_form.html", typed=_typed()), 400
