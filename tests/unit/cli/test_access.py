"""What an edge says to a command."""

import httpx

from cli.access import refusal


def test_a_refusal_says_why_and_what_to_do_about_the_token() -> None:
    """Also where whoever answers is no edge."""
    told = [(401, {"detail": "this is no signed token"}), (429, {"detail": "later"}), (502, None)]
    assert [refusal(httpx.Response(status, json=body) if body else httpx.Response(status, text="<html>")) for status, body in told] == [
        "The edge refused (this is no signed token): make a token with `anabranch token` on its data directory.",
        "The edge refused (later).",
        "The edge refused (502).",
    ]
