"""Problems as answers."""

from schemas.problems import LOG_UNAVAILABLE, NOT_FOUND, UNAUTHENTICATED, Problem, document


def test_a_problem_says_what_where_and_when_to_come_back() -> None:
    """RFC 9457; what there is nothing to say of is left out."""
    body, headers = document(Problem(LOG_UNAVAILABLE, "Later.", ("a: b",), 1500))
    assert (body["type"], body["status"], body["detail"], body["errors"]) == (
        "urn:anabranch:problem:log-unavailable",
        503,
        "Later.",
        ("a: b",),
    )
    assert (body["temporary"], headers) == (True, {"Retry-After": "2"})
    plain, nothing = document(Problem(NOT_FOUND))
    assert ("errors" in plain, plain["detail"], nothing) == (False, NOT_FOUND.title, {})


def test_who_is_not_known_is_told_how() -> None:
    """As HTTP wants it."""
    assert document(Problem(UNAUTHENTICATED))[1] == {"WWW-Authenticate": "Bearer"}
