"""Who the customer is: `("customer", id)`, `("number", E.164)`, or None where unknown."""

from tests.oracle.records import Records
from tests.oracle.wire import Json, number

Party = tuple[str, str]


class Parties:
    """Ties numbers to the customers who stand."""

    def __init__(self, records: Records, region: str) -> None:
        self.region = region
        self.owners: dict[str, set[str]] = {}
        for data in records.data("customer"):
            for text in data.get("phones") or []:
                phone = number(text, region)
                if phone is not None:
                    self.owners.setdefault(phone, set()).add(data["customer_id"])

    def of(self, customer: Json | None) -> Party | None:
        """`customer_id` if given, else the lowest id that lists the number, else the number."""
        if customer is None:
            return None
        if customer.get("customer_id") is not None:
            return ("customer", customer["customer_id"])
        phone = number(customer.get("phone"), self.region)
        if phone is None:
            return None
        if phone in self.owners:
            return ("customer", min(self.owners[phone]))
        return ("number", phone)

    def first(self, *customers: Json | None) -> Party | None:
        """Of several sources: the first customer, else the first bare number, else unknown."""
        parties = [party for party in map(self.of, customers) if party is not None]
        for sort in ("customer", "number"):
            for party in parties:
                if party[0] == sort:
                    return party
        return None
