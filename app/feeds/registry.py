"""The feeds there are, by the name in the path of their webhook; which a deployment has opened."""

from collections.abc import Mapping

from app.errors import BadConfiguration
from app.feeds import (
    aircall,
    amazonconnect,
    asterisk,
    debezium,
    dialpad,
    hubspot,
    pipedrive,
    ringcentral,
    salesforce,
    shopify,
    twilio,
    zoomphone,
)
from app.feeds.feed import Feed
from app.settings import Settings, environment_name

_VENDORS = (
    aircall,
    amazonconnect,
    asterisk,
    debezium,
    dialpad,
    hubspot,
    pipedrive,
    ringcentral,
    salesforce,
    shopify,
    twilio,
    zoomphone,
)
FEEDS: dict[str, Feed] = {vendor.FEED.name: vendor.FEED for vendor in _VENDORS}

INSECURE = ":insecure"


def opened(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The feeds that are on, each with its secrets: several while one takes another's place.

    Those with a secret are, and those that `RINGSIDE_FEEDS` names as insecure, which have none.
    Raises `BadConfiguration` where one is named that there is not, that nobody could sign, or
    that lacks another setting.
    """
    found = {name: secrets for name in FEEDS if (secrets := _secrets(settings, name))}
    for named in settings.feeds:
        name = named.removesuffix(INSECURE)
        if name not in FEEDS:
            known = ", ".join(sorted(FEEDS))
            raise BadConfiguration(f"RINGSIDE_FEEDS: there is no feed {name!r}; there are {known}")
        if named.endswith(INSECURE):
            found.setdefault(name, ())
        elif name not in found:
            secret = environment_name(FEEDS[name].setting)
            raise BadConfiguration(
                f"RINGSIDE_FEEDS: {name} needs {secret}, or anybody could send in its name; "
                f"where that is meant, say {name}{INSECURE}"
            )
    for name in found:
        FEEDS[name].ready(settings)
    return found


def feed_topics(settings: Settings) -> Mapping[str, Feed]:
    """The topics that carry a vendor's own payloads, each with the feed that reads them.

    Raises `BadConfiguration` where there is no such feed, where it cannot work with these
    settings, and for a topic of events or one that is named twice.
    """
    found: dict[str, Feed] = {}
    for pair in settings.feed_topics:
        topic, _, name = pair.rpartition("=")
        if name not in FEEDS:
            known = ", ".join(sorted(FEEDS))
            raise BadConfiguration(
                f"RINGSIDE_FEED_TOPICS: {pair}: there is no feed {name!r}; there are {known}"
            )
        if topic.startswith(f"{settings.topic_prefix}."):
            raise BadConfiguration(
                f"RINGSIDE_FEED_TOPICS: {pair}: topics of {settings.topic_prefix}.* carry events"
            )
        if topic in found:
            raise BadConfiguration(f"RINGSIDE_FEED_TOPICS: {pair}: {topic} is named twice")
        FEEDS[name].ready(settings)
        found[topic] = FEEDS[name]
    return found


def _secrets(settings: Settings, name: str) -> tuple[str, ...]:
    secret = getattr(settings, FEEDS[name].setting)
    return () if secret is None else tuple(secret.get_secret_value().split())
