"""Why a record could not be taken: a code from a closed list, the field, what would be right."""

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """One refused record, with as much of its envelope as could be read."""

    code: str
    field: str | None
    detail: str
    id: str | None = None
    source: str | None = None
    type: str | None = None
