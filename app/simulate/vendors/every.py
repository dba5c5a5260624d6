"""The vendors that can be simulated, by the name of their feed."""

from app.simulate.vendors import aircall, dialpad, hubspot, pipedrive, shopify, twilio, zoomphone
from app.simulate.vendors.hook import Vendor

VENDORS: dict[str, Vendor] = {
    "aircall": aircall.VENDOR,
    "dialpad": dialpad.VENDOR,
    "hubspot": hubspot.VENDOR,
    "pipedrive": pipedrive.VENDOR,
    "shopify": shopify.VENDOR,
    "twilio": twilio.VENDOR,
    "zoomphone": zoomphone.VENDOR,
}
