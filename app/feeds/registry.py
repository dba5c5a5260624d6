"""The feeds there are, by the name in the path of their webhook."""

from app.feeds import aircall, shopify
from app.feeds.feed import Feed

FEEDS: dict[str, Feed] = {feed.name: feed for feed in (aircall.FEED, shopify.FEED)}
