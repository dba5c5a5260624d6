"""What looks back or ahead: repeats, repeats with a quote, calls in vain, new customers.

All spans are multiples of 24 h between instants, whatever the period asked for.
"""

from datetime import datetime, timedelta

from tests.oracle.ladder import Contact, Ladder, Leg
from tests.oracle.parties import Parties, Party
from tests.oracle.records import Records
from tests.oracle.wire import instant

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)


class Quality:
    """Judges conversations and outbound calls by what stood around them."""

    def __init__(self, records: Records, ladder: Ladder, parties: Parties) -> None:
        self.ladder = ladder
        self.outbound = [leg for leg in ladder.legs if leg.call and leg.direction == "outbound"]
        self.quoted: list[tuple[Party | None, datetime]] = [
            (parties.of(quote["customer"]), instant(quote["issued_at"]))
            for quote in records.data("quote")
            if quote["status"] != "draft"
        ]

    def repeat(self, contact: Contact) -> bool:
        """The rep had another with the customer in `[start − 90 d, start − 1 h]`."""
        return contact.party is not None and any(
            other.rep == contact.rep
            and other.party == contact.party
            and contact.start - 90 * DAY <= other.start <= contact.start - HOUR
            for other in self.ladder.contacts
        )

    def repeat_quote(self, contact: Contact) -> bool:
        """A repeat with any rep's quote for the customer in `[start − 30 d, start + 7 d]`."""
        return self.repeat(contact) and any(
            party == contact.party and contact.start - 30 * DAY <= issued <= contact.start + 7 * DAY
            for party, issued in self.quoted
        )

    def unproductive(self, leg: Leg) -> bool:
        """The third or later outbound call in `(start − 7 d, start]`, and nobody spoken to."""
        if leg.party is None:
            return False
        after = leg.start - 7 * DAY
        made = [
            other
            for other in self.outbound
            if (other.rep, other.party) == (leg.rep, leg.party) and after < other.start <= leg.start
        ]
        met = [
            start
            for rep, party, start in self._met()
            if (rep, party) == (leg.rep, leg.party) and after < start <= leg.start
        ]
        return len(made) >= 3 and not met

    def _met(self) -> list[tuple[str, Party | None, datetime]]:
        """Conversations and assists."""
        met = [(contact.rep, contact.party, contact.start) for contact in self.ladder.contacts]
        return met + [(leg.rep, leg.party, leg.start) for leg in self.ladder.legs if leg.assist]

    def new_customer(self, leg: Leg) -> bool:
        """The rep made no outbound call to the customer in `[start − 180 d, start)`."""
        return leg.party is not None and not any(
            (other.rep, other.party) == (leg.rep, leg.party)
            and leg.start - 180 * DAY <= other.start < leg.start
            for other in self.outbound
        )
