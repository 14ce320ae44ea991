"""`anabranch revoke`: takes a token, or all tokens of a user, out of use before their time."""

import time
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA, Data
from schemas.failure import UsageFailure


def revoke(
    token_id: Annotated[str | None, typer.Option("--token-id", metavar="JTI", help="The token's id (its claim jti).")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="U", help="All tokens of this user that were issued until now.")] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Revoke a token or a user's tokens: the edges on this data directory close its connections within a second."""
    line = line_of(token_id, user, int(time.time()))
    data.mkdir(parents=True, exist_ok=True)
    with (data / "revoked").open("a", encoding="utf-8") as file:
        file.write(line)
    typer.echo(f"Revoked: {line.strip()}")


def line_of(token_id: str | None, user: str | None, now_s: int) -> str:
    """Return the line for the file of revocations. Raises `UsageFailure`."""
    named = token_id if user is None else user
    if (token_id is None) == (user is None) or named is None:
        raise UsageFailure("Say what is revoked: --token-id JTI or --user U.")
    if not named or named.split() != [named]:
        raise UsageFailure(
            f"{named!r} has spaces, which neither ids nor users have in the file of revocations: revoke by the other option."
        )
    return f"jti {named}\n" if user is None else f"sub {named} {now_s}\n"
