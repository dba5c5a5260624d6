"""Every error Ringside raises on purpose, with its HTTP status and its exit code.

RingsideError                     500  exit 1
├── BadRequest                    422         a query or body that cannot be understood
├── Unauthorized                  401         no key, or one we do not know
├── Forbidden                     403         a key without the scope, or bound to other teams
├── NotFound                      404
├── Conflict                      409         the resource is in the way of the request
├── TooLarge                      413         over the documented size
├── Slow                          408         the request did not come to its end in time
├── TooMany                       429         over the rate limit; carries `retry_after`
├── Unavailable                   503  exit 69  something we stand on is not there; `retry_after`
├── Fenced                        409         another consumer has moved these offsets on
├── Flood                         500  exit 1   the dead-letter brake: too much was refused
├── BrokenFile                    500  exit 1   a file ends early or is not what its name says
└── BadConfiguration              500  exit 78  a setting is wrong; ends the start with one line
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with a request: the field, and what would be right."""

    field: str
    detail: str


class RingsideError(Exception):
    """The root: `detail` is one clear sentence for whoever sent the request or started us."""

    status = 500
    title = "Something went wrong in Ringside"
    exit_code = 1

    def __init__(
        self,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after


class BadRequest(RingsideError):
    """The request cannot be understood; `errors` names the fields."""

    status = 422
    title = "The request cannot be understood"


class Unauthorized(RingsideError):
    """There is no key, or one we do not know."""

    status = 401
    title = "A valid API key is needed"


class Forbidden(RingsideError):
    """The key does not reach this far."""

    status = 403
    title = "The API key does not allow this"


class NotFound(RingsideError):
    """There is no such thing."""

    status = 404
    title = "There is no such thing"


class Conflict(RingsideError):
    """The resource as it is now is in the way of the request."""

    status = 409
    title = "The request conflicts with what is there"


class TooLarge(RingsideError):
    """The body is over the documented size."""

    status = 413
    title = "The request is too large"


class Slow(RingsideError):
    """The request did not come to its end in time."""

    status = 408
    title = "The request took too long to come"


class TooMany(RingsideError):
    """Over the rate limit."""

    status = 429
    title = "Too many requests"


class Unavailable(RingsideError):
    """Something Ringside stands on (PostgreSQL, Kafka) is not there right now."""

    status = 503
    title = "Not available right now"
    exit_code = 69


class Fenced(RingsideError):
    """Another consumer moved these offsets on: whoever gets this must let go, and write nothing."""

    status = 409
    title = "Another consumer owns these partitions"


class Flood(RingsideError):
    """More was refused than the brake allows; a person has to look."""

    title = "Too many events are being refused"


class BrokenFile(RingsideError):
    """A file cannot be read to its end; what was read before counts."""

    title = "A file is broken"


class BadConfiguration(RingsideError):
    """A setting is missing or wrong."""

    title = "A setting is wrong"
    exit_code = 78
