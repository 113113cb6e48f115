"""What a careful editor would still look at before an issue goes out. Pure.

Warnings keep nothing from being sent; what does is in catalog.package and
mailing.render.
"""

import re
from collections.abc import Iterator

from newsletter.mailing.content import CorrectionContent, IssueContent
from newsletter.mailing.posts.post_content import PostContent, Words
from newsletter.mailing.render import HTML_BYTES, AnyContent, RenderedMail

SUBJECT_ON_A_PHONE = 60  # characters, about; the rest is cut off in the list
NEAR_THE_LIMIT = 0.85
QUESTIONS = 3
BY_ITSELF = re.compile(r"Figure \d+ of |$")  # how a figure is called that nobody described


def warnings(content: AnyContent, mail: RenderedMail) -> list[str]:
    """One sentence each; [] if there is nothing to look at."""
    match content:
        case IssueContent():
            body = _body(content, mail)
        case PostContent():
            body = _post(content)
        case CorrectionContent():
            body = iter(())
    return [*_envelope(content), *body]


def _envelope(content: AnyContent) -> Iterator[str]:
    if len(content.subject) > SUBJECT_ON_A_PHONE:
        yield f"The subject has {len(content.subject)} characters; phones show about 60."
    if content.subject.isupper():
        yield "The subject is all in capitals, which filters and readers take for spam."
    if content.preheader.strip() == content.subject.strip():
        yield "The preheader repeats the subject: say something new in it."
    if not content.postal_address:
        yield "There is no postal address, which many laws require: set NEWSLETTER_POSTAL_ADDRESS."
    if not content.base_url.startswith("https://"):
        yield (
            "Links lead to an address without https, where one-click unsubscribe does not work: "
            "set NEWSLETTER_BASE_URL."
        )


def _body(content: IssueContent, mail: RenderedMail) -> Iterator[str]:
    if content.chart is not None and not content.chart.alt:
        yield "Its chart has no text for those who do not see it."
    if len(content.questions) < QUESTIONS:
        yield "It asks no questions of the data: three to six help readers begin."
    bare = [column.name for column in content.columns if not column.description]
    if bare:
        yield f"These columns are not described: {', '.join(bare)}."
    size = len(mail.html.encode())
    if size > HTML_BYTES * NEAR_THE_LIMIT:
        yield f"The HTML has {size // 1000} KB; at {HTML_BYTES // 1000} KB it cannot be sent."


def _post(content: PostContent) -> Iterator[str]:
    if not content.ran:
        yield "It did not run, or nobody recorded that it did: `newsletter post run` does."
    if content.corrected:
        yield f"Its data were wrong, and the mail says so: {content.corrected}"
    if not any(isinstance(block, Words) for block in content.blocks):
        yield "It has no words beside its code."
    unnamed = [image for image in content.images if BY_ITSELF.match(image.alt)]
    if unnamed:
        yield (
            f"{_figures(len(unnamed))} no words for those who do not see it: "
            "write `# alt:` in the cell that draws it."
        )
    if content.folded:
        yield f"{content.folded} is on the site alone: the mail has no room for it."


def _figures(count: int) -> str:
    return "A figure has" if count == 1 else f"{count} figures have"
