"""`anabranch token`: prints a development access token."""

import json
import re
import time
from typing import Annotated, Final

import typer

from api.auth import mint
from api.protocol.access import ADMIN, SOURCE
from broker.secrets import jwt_secret
from cli.options import DEFAULT_DATA, Data, Json
from schemas.failure import UsageFailure

SCOPES: Final = frozenset({ADMIN, SOURCE})
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def token(  # noqa: PLR0913  because each option is an argument
    user: Annotated[str, typer.Option("--user", metavar="U", help="Who the token is for.")],
    project: Annotated[list[str] | None, typer.Option("--project", metavar="P", help="Project id; may be given several times.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All projects.")] = False,
    ttl: Annotated[str, typer.Option("--ttl", metavar="TIME", help="How long it holds: 90s, 30m, 1h, 7d.")] = "1h",
    scope: Annotated[list[str] | None, typer.Option("--scope", metavar="S", help="admin or source; may be given twice.")] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Print a development token, signed with the secret of the data directory."""
    if not SCOPES.issuperset(scope or ()):
        raise UsageFailure(f"A scope is one of {', '.join(sorted(SCOPES))}.")
    if bool(project) == everything:
        raise UsageFailure("Say which projects the token is for: --project P (several times if needed) or --all.")
    seconds = seconds_of(ttl)
    text = mint(jwt_secret(data), user, ["*"] if everything else project or [], seconds, " ".join(scope or ()))
    typer.echo(json.dumps({"token": text, "user": user, "expires_at": int(time.time()) + seconds}) if as_json else text)


def seconds_of(text: str) -> int:
    """Return a duration such as `90s`, `30m`, `1h` or `7d` in seconds. Raises `UsageFailure`."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None or int(match[1]) == 0:
        raise UsageFailure(f"{text!r} is no duration: write a number and s, m, h or d, such as 90s or 1h.")
    return int(match[1]) * _UNITS[match[2]]
