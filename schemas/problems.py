"""Everything that can be wrong with a request: one catalogue for HTTP (RFC 9457) and WebSocket errors.

A `Problem` is a value, not an exception: peer faults are expected outcomes.
"""

from typing import Any, Final, NamedTuple

from msgspec import Struct


class ProblemType(NamedTuple):
    """One kind of problem. `temporary`: the same request may work later."""

    code: str
    status: int
    title: str
    temporary: bool = False


class Problem(Struct, frozen=True, omit_defaults=True):
    """One occurrence. detail: a sentence for the caller. errors: what is wrong where. retry_after_ms: when to come back."""

    type: ProblemType
    detail: str = ""
    errors: tuple[str, ...] = ()
    retry_after_ms: int | None = None


INVALID_REQUEST: Final = ProblemType("invalid-request", 422, "The request has a field that cannot be used")
INVALID_JSON: Final = ProblemType("invalid-json", 400, "The body is no JSON of the expected shape")
INVALID_CHANGE: Final = ProblemType("invalid-change", 422, "The change cannot be applied as it is written")
INVALID_FRAME: Final = ProblemType("invalid-frame", 400, "The frame is not one of protocol 2.0")
TOO_LARGE: Final = ProblemType("too-large", 413, "The request is larger than the limit")
HEAD: Final = ProblemType("head-too-large", 431, "The head of the request is larger than the limit")
UNAUTHENTICATED: Final = ProblemType("unauthenticated", 401, "The token is missing, wrong or expired")
FORBIDDEN: Final = ProblemType("forbidden", 403, "The token does not allow this")
SIGNATURE: Final = ProblemType("signature", 403, "The signature of the delivery is missing or wrong")
MEDIA_TYPE: Final = ProblemType("media-type", 415, "The body is of a type that is not taken here")
ORIGIN: Final = ProblemType("origin", 403, "Pages of this origin may not call")
NOT_FOUND: Final = ProblemType("not-found", 404, "There is nothing at this address")
FEATURE: Final = ProblemType("feature-disabled", 404, "This call is switched off here: use those of version 1")
UNKNOWN_PROJECT: Final = ProblemType("unknown-project", 404, "There is no such project, or it may not be read with this token")
UNKNOWN_SESSION: Final = ProblemType(
    "unknown-session", 404, "No event of such a session is in the log of the projects that may be read with this token"
)
UNRECOVERABLE: Final = ProblemType(
    "unrecoverable-position", 410, "The place cannot be continued: read the whole state, then ask from there"
)
NOT_ACCEPTABLE: Final = ProblemType("not-acceptable", 406, "No format that the caller accepts")
METHOD: Final = ProblemType("method-not-allowed", 405, "This address does not take that method")
VERSION: Final = ProblemType("version", 406, "No common version of the protocol")
LOGIN_CODE: Final = ProblemType("login-code", 401, "The login code is unknown, used or expired")
SUBSCRIPTIONS: Final = ProblemType("subscriptions", 429, "Too many streams on one connection")
RATE: Final = ProblemType("rate", 429, "Too many requests", temporary=True)
CONNECTIONS: Final = ProblemType("connections", 429, "Too many connections of one user", temporary=True)
TIMEOUT: Final = ProblemType("timeout", 408, "Nothing came in time", temporary=True)
STARTING: Final = ProblemType("starting", 503, "The edge is still reading what it must know", temporary=True)
BEHIND: Final = ProblemType("position-not-reached", 503, "The edge has not read up to that position yet", temporary=True)
LOG_UNAVAILABLE: Final = ProblemType(
    "log-unavailable", 503, "Kafka did not confirm the change in time; repeat it with the same id", temporary=True
)
SLOW_CONSUMER: Final = ProblemType("slow-consumer", 429, "The connection takes frames too slowly", temporary=True)
RESTART: Final = ProblemType("restart", 503, "The edge is restarting", temporary=True)
REJECTED: Final = ProblemType("rejected", 409, "The change was not applied")
INTERNAL: Final = ProblemType("internal", 500, "The edge made a mistake", temporary=True)

PROBLEMS: Final[dict[str, ProblemType]] = {
    kind.code: kind
    for kind in (
        INVALID_REQUEST,
        INVALID_JSON,
        INVALID_CHANGE,
        INVALID_FRAME,
        TOO_LARGE,
        HEAD,
        UNAUTHENTICATED,
        FORBIDDEN,
        SIGNATURE,
        MEDIA_TYPE,
        ORIGIN,
        NOT_FOUND,
        FEATURE,
        UNKNOWN_PROJECT,
        UNKNOWN_SESSION,
        UNRECOVERABLE,
        NOT_ACCEPTABLE,
        METHOD,
        VERSION,
        LOGIN_CODE,
        SUBSCRIPTIONS,
        RATE,
        CONNECTIONS,
        TIMEOUT,
        STARTING,
        BEHIND,
        LOG_UNAVAILABLE,
        SLOW_CONSUMER,
        RESTART,
        REJECTED,
        INTERNAL,
    )
}


def document(problem: Problem) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the body (RFC 9457) and the headers of a problem as an HTTP answer."""
    kind = problem.type
    body: dict[str, Any] = {
        "type": f"urn:anabranch:problem:{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail or kind.title,
        "code": kind.code,
        "temporary": kind.temporary,
    }
    if problem.errors:
        body["errors"] = problem.errors
    headers: dict[str, str] = {}
    if problem.retry_after_ms is not None:
        headers["Retry-After"] = str(-(-problem.retry_after_ms // 1000))
    if kind.status == UNAUTHENTICATED.status:
        headers["WWW-Authenticate"] = "Bearer"
    return body, headers
