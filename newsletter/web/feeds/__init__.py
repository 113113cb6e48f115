"""Every feed: adding one is a view, and an entry here. The registration, the head and the foot
of each page read this list.
"""

from dataclasses import dataclass

from newsletter.web.feeds import calendar_feed, feeds


@dataclass(frozen=True, slots=True)
class Feed:
    title: str  # at the foot of each page
    endpoint: str
    media_type: str = ""  # of one that the head of each page offers to feed readers


FEEDS = (
    Feed("Atom", "feeds.atom", "application/atom+xml"),
    Feed("RSS", "feeds.rss"),
    Feed("JSON Feed", "feeds.json_feed", "application/feed+json"),
    Feed("Calendar", "mondays.mondays"),
)
BLUEPRINTS = (feeds.blueprint, calendar_feed.blueprint)
