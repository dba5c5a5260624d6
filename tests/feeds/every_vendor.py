"""Every feed's vendor, found by the feed's name: a feed without a file in `vendors/` fails."""

from importlib import import_module

from app.feeds.registry import FEEDS
from tests.feeds.vendor import Vendor

VENDORS: dict[str, Vendor] = {
    name: import_module(f"tests.feeds.vendors.{name}").VENDOR for name in sorted(FEEDS)
}
