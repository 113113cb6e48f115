"""HTML that is ready to be put into a mail: its spaces kept, and each element with its style
beside it, as some programs read no other."""

import re

from markupsafe import Markup

from newsletter.catalog import markdown
from newsletter.mailing.content import Prose

MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
STYLES = {
    "p": "margin:0 0 14px",
    "ul": "margin:0 0 14px;padding-left:22px",
    "ol": "margin:0 0 14px;padding-left:22px",
    "h2": "margin:26px 0 10px;font-size:22px;line-height:1.25",
    "h3": "margin:22px 0 8px;font-size:18px;line-height:1.3",
    "h4": "margin:18px 0 6px;font-size:16px;line-height:1.4",
    "blockquote": "margin:0 0 14px;padding-left:16px;border-left:3px solid #8a939c",
    "pre": f"margin:0 0 14px;font-family:{MONO};font-size:13px;line-height:1.55;"
    "white-space:pre-wrap;overflow-wrap:break-word",
    "code": f"font-family:{MONO};font-size:0.88em",
    "table": "margin:0 0 14px;border-collapse:collapse;font-size:14px;line-height:1.4",
    "th": "padding:6px 12px 6px 0;border-bottom:2px solid #8a939c;text-align:left",
    "td": "padding:6px 12px 6px 0;border-bottom:1px solid #8a939c;vertical-align:top",
}
BLANK = re.compile(r"(?<=>)\s+(?=<)")
BARE = re.compile(rf"<({'|'.join(STYLES)})(?=[ >])")


def prose(text: str) -> Prose:
    """A curator's Markdown, as the templates of an issue style it."""
    return Prose(spaced(markdown.render(text)), markdown.plain(text))


def styled_prose(text: str) -> Prose:
    """Markdown with a style beside each element, as a post has it: any of them may occur."""
    return Prose(styled(markdown.render(text)), markdown.plain(text))


def styled(html: Markup) -> Markup:
    """``html``, which nh3 has cleaned: so a "<" in it is always a tag's."""
    with_styles = BARE.sub(lambda tag: f'{tag[0]} style="{STYLES[tag[1]]}"', html)
    return spaced(Markup(with_styles))  # noqa: S704 - styles of ours are all that was added


def spaced(html: Markup) -> Markup:
    """``html`` with what is blank between two tags as references: mrml leaves blanks out, and
    a line of code its indentation."""
    kept = BLANK.sub(lambda blank: "".join(f"&#{ord(sign)};" for sign in blank[0]), html)
    return Markup(kept)  # noqa: S704 - blanks are all that changed
