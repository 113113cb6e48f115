"""From values to a mail's subject, text and HTML. Pure: no database, no network.

A mail is a folder of templates/email: subject.txt, body.txt and body.mjml, in
Jinja2. What curators write is only ever a value, never a template, so braces
in it stay braces. MJML becomes HTML by mrml, in this process.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import mrml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from newsletter.errors import Invalid
from newsletter.mailing import plain
from newsletter.mailing.content import CorrectionContent, InlineImage, IssueContent
from newsletter.mailing.placeholders import Placeholder, without_marks
from newsletter.mailing.posts.post_content import PostContent
from newsletter.resources import shipped
from newsletter.text_direction import direction

AnyContent = IssueContent | CorrectionContent | PostContent
HTML_BYTES = 90_000  # Gmail clips a message near 102 KB, and the footer with it


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail's content; ``text`` and ``html`` may hold marks of placeholders."""

    subject: str
    text: str
    html: str
    images: tuple[InlineImage, ...] = ()


def render_issue(issue: AnyContent) -> RenderedMail:
    """The issue as a mail, with a placeholder for each personal link.

    Raises Invalid if its HTML is so long that Gmail would cut its end off.
    """
    mail = render_mail(_folder(issue), issue.images, issue=issue, src=_cid, personal=True)
    size = len(mail.html.encode())
    if size > HTML_BYTES:
        raise Invalid(
            f"The issue's HTML has {size // 1000} KB and Gmail would cut its end off: "
            f"shorten the texts until it has at most {HTML_BYTES // 1000} KB."
        )
    return mail


def html_bytes(issue: AnyContent) -> int:
    """How long the issue's HTML is."""
    return len(_html(_folder(issue), issue=issue, src=_cid, personal=True).encode())


def render_page(issue: AnyContent, place: str) -> str:
    """The issue's HTML as everyone may see it: no personal link, its images by URL, as
    ``<place>/<name>.png``."""

    def src(image: InlineImage) -> str:
        return f"{place}/{image.name}.png"

    return _html(_folder(issue), issue=issue, src=src, personal=False)


def render_mail(name: str, images: tuple[InlineImage, ...] = (), **values: Any) -> RenderedMail:
    """The mail of the folder templates/email/``name``, with ``values`` filled in.

    A value that a template wants and does not get raises jinja2.UndefinedError.
    """
    return RenderedMail(
        subject=" ".join(_template(f"{name}/subject.txt", values).split()),
        text=_template(f"{name}/body.txt", values),
        html=_html(name, **values),
        images=images,
    )


def _folder(issue: AnyContent) -> str:
    """The templates that an issue is rendered with."""
    match issue:
        case CorrectionContent():
            return "correction"
        case PostContent():
            return "post"
        case IssueContent():
            return "issue"


def _cid(image: InlineImage) -> str:
    return f"cid:{image.cid}"


def _html(name: str, **values: Any) -> str:
    # mrml writes an attribute as Rust would show it: a backslash doubled, a placeholder's
    # mark or a no-break space spelled "\u{..}". References pass it unchanged.
    mjml = _template(f"{name}/body.mjml", values).replace("\\", "&#92;")
    in_ascii = mjml.encode("ascii", "xmlcharrefreplace").decode()
    no_files = mrml.ParserOptions(include_loader=mrml.noop_loader())
    html = mrml.to_html(in_ascii, parser_options=no_files).content
    for placeholder in Placeholder:
        html = html.replace(f"&#{ord(placeholder.value)};", placeholder.value)
    return html


def _template(path: str, values: dict[str, Any]) -> str:
    return _environment().get_template(path).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(shipped("templates") / "email"),
        autoescape=select_autoescape(("mjml",)),
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        UNSUBSCRIBE=Placeholder.UNSUBSCRIBE, PREFERENCES=Placeholder.PREFERENCES
    )
    environment.filters.update(
        wrap=plain.wrap,
        heading=plain.heading,
        text_table=plain.table,
        sparkline=plain.sparkline,
        long_date=plain.long_date,
        break_after=_break_after,
        direction=direction,
    )
    return environment


def _printed(value: Any) -> Any:
    """What ``{{ value }}`` prints: a placeholder's mark, or text that cannot pass for one."""
    if isinstance(value, Placeholder):
        return value.value
    return without_marks(value) if isinstance(value, str) else value


def _break_after(text: str, characters: str) -> Markup:
    """``text`` as HTML that may break after each run of ``characters``, which adds
    nothing to what is copied from it."""
    pieces = re.split(f"(?<=[{re.escape(characters)}])(?![{re.escape(characters)}])", text)
    return Markup("<wbr>").join(map(escape, pieces))
