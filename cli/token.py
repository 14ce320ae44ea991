"""`anabranch token`: prints a development access token, for a person or narrowed for an agent."""

import json
import re
import time
import uuid
from typing import Annotated, Any, Final

import typer

from api.auth import mint
from api.protocol.access import ADMIN, SCOPE_PREFIX, SOURCE
from broker.secrets import jwt_secret
from cli.options import DEFAULT_DATA, Data, Json
from schemas.failure import UsageFailure
from schemas.words import ENTITIES

SCOPES: Final = frozenset({ADMIN, SOURCE})
MAY: Final = ("read", "claim", "write", "manage")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def token(  # noqa: PLR0913  because each option is an argument
    user: Annotated[str | None, typer.Option("--user", metavar="U", help="Who the token is for.")] = None,
    project: Annotated[list[str] | None, typer.Option("--project", metavar="P", help="Project id; may be given several times.")] = None,
    *,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="NAME", help="For an agent of this name: its changes are mcp-ai's, of one session.")
    ] = None,
    may: Annotated[
        list[str] | None,
        typer.Option("--may", metavar="WHAT", help="Only this: read, claim, write or manage; each includes those before it."),
    ] = None,
    branch: Annotated[list[str] | None, typer.Option("--branch", metavar="B", help="Writes only tasks of this branch (several).")] = None,
    entity: Annotated[list[str] | None, typer.Option("--entity", metavar="E", help="Writes only this kind (several): task, ….")] = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="S", help="Session of all its changes; default: the token's id.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All projects.")] = False,
    ttl: Annotated[str, typer.Option("--ttl", metavar="TIME", help="How long it holds: 90s, 30m, 1h, 7d.")] = "1h",
    scope: Annotated[list[str] | None, typer.Option("--scope", metavar="S", help="admin or source; may be given twice.")] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Print a development token, signed with the secret of the data directory.

    With --agent it is narrowed: unless --may says otherwise it reads, claims and writes, as `mcp-ai`, in one session.
    """
    subject = _subject(user, agent)
    scopes = scopes_of(scope or [], may or (["write"] if agent else []))
    if bool(project) == everything:
        raise UsageFailure("Say which projects the token is for: --project P (several times if needed) or --all.")
    seconds, token_id = seconds_of(ttl), str(uuid.uuid4())
    if not (data / "secrets" / "jwt").exists():
        typer.echo(f"A new secret is in {data}/secrets: only an edge that runs on --data {data} takes this token.", err=True)
    limits = limits_of(branch or [], entity or [], session or (token_id if agent else None), agent=agent is not None)
    projects = ["*"] if everything else project or []
    text = mint(jwt_secret(data), subject, projects, seconds, " ".join(scopes), limits=limits, token_id=token_id)
    known = {
        "token": text,
        "user": subject,
        "expires_at": int(time.time()) + seconds,
        "token_id": token_id,
        "session": limits.get("session"),
    }
    typer.echo(json.dumps(known) if as_json else text)


def _subject(user: str | None, agent: str | None) -> str:
    subject = user if agent is None else agent
    if subject is None or (user is None) == (agent is None):
        raise UsageFailure("Say who the token is for: --user U, or --agent NAME for an agent.")
    return subject


def scopes_of(scopes: list[str], may: list[str]) -> list[str]:
    """Return the scopes of a token. Raises `UsageFailure` for one that is none."""
    if not SCOPES.issuperset(scopes):
        raise UsageFailure(f"A scope is one of {', '.join(sorted(SCOPES))}.")
    if not set(may) <= set(MAY):
        raise UsageFailure(f"--may is one of {', '.join(MAY)}.")
    return [*scopes, *(SCOPE_PREFIX + one for one in may)]


def limits_of(branches: list[str], entities: list[str], session: str | None, *, agent: bool) -> dict[str, Any]:
    """Return the claim `limits` of a token. Raises `UsageFailure` for an entity that is none."""
    if not set(entities) <= set(ENTITIES):
        raise UsageFailure(f"--entity is one of {', '.join(ENTITIES)}.")
    found = {"branches": branches, "entities": entities, "session": session, "source": "mcp-ai" if agent else None}
    return {name: value for name, value in found.items() if value}


def seconds_of(text: str) -> int:
    """Return a duration such as `90s`, `30m`, `1h` or `7d` in seconds. Raises `UsageFailure`."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None or int(match[1]) == 0:
        raise UsageFailure(f"{text!r} is no duration: write a number and s, m, h or d, such as 90s or 1h.")
    return int(match[1]) * _UNITS[match[2]]
