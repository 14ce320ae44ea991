"""`anabranch receipt`: what a session changed in the end, and with --undo, taking it back."""

import json
from typing import Annotated, Any, Final
from urllib.parse import quote

import httpx
import typer

from cli.access import access, refusal
from cli.options import DEFAULT_DATA, Data, Json, Token, Url, edge_url
from schemas.failure import Failure, UsageFailure

_TTL_S: Final = 3600
_TIMEOUT_S: Final = 300.0
_SHOWN: Final = 40
Answer = dict[str, Any]


def receipt(  # noqa: PLR0913  because every option of the command is an argument
    session: Annotated[str, typer.Argument(help="Id of the session, as events name it (`session_id`).")],
    *,
    project: Annotated[str | None, typer.Option("--project", metavar="P", help="Only this project.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what nobody else changed since.")] = False,
    user: Annotated[str, typer.Option("--user", metavar="U", help="Who asks, without a token of its own.")] = "cli",
    data: Data = DEFAULT_DATA,
    url: Url = None,
    access_token: Token = None,
    as_json: Json = False,
) -> None:
    """Print the net effect of a session: tasks done, reopened, created. With --undo it is taken back; asking again changes nothing."""
    base = edge_url(data, url)
    token = access(data, access_token, user, _TTL_S)
    answer = _ask(base, token, f"/api/v2/sessions/{quote(session, safe='')}/{'undo' if undo else 'receipt'}", project)
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(_undone(answer) if undo else _told(answer)))


def _ask(base: str, token: str, path: str, project: str | None) -> Answer:
    query = {} if project is None else {"project_id": project}
    try:
        with httpx.Client(timeout=_TIMEOUT_S, trust_env=False, headers={"Authorization": f"Bearer {token}"}) as client:
            answer = client.request("POST" if path.endswith("/undo") else "GET", f"{base}{path}", params=query)
        body: Answer = answer.json()
    except httpx.HTTPError as error:
        raise Failure(f"The edge at {base} does not answer ({type(error).__name__}): is `anabranch up` running?") from error
    except ValueError:
        raise Failure(f"{base} is no edge: it does not answer in JSON.") from None
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise UsageFailure(f"{body.get('title')} ({body.get('detail')}): `anabranch sql` names sessions, see session_work.")
    if answer.status_code != httpx.codes.OK:
        raise Failure(refusal(answer))
    return body


def _told(answer: Answer) -> list[str]:
    lines = [f"{answer['session_id']}: {answer['summary']} ({answer['events']} events, {answer['began']} to {answer['ended']})"]
    lines += [f"  {_line(row)}" for row in answer["rows"][:_SHOWN]]
    if len(answer["rows"]) > _SHOWN or answer["more"]:
        lines.append("  … --json has more of them.")
    if not answer["complete"]:
        lines.append("The log does not reach back to before all of it: some rows are left alone.")
    lines.append(f"--undo would change {len(answer['undo'])} and leave {answer['left']} alone.")
    return lines


def _undone(answer: Answer) -> list[str]:
    return [f"{answer['undone']} taken back, {len(answer['left'])} left alone.", *(f"  {_line(row)}" for row in answer["left"][:_SHOWN])]


def _line(row: Answer) -> str:
    names = ", ".join(filter(None, (who.get("user_id") or who.get("session_id") or who["source"] for who in row["changed_by"])))
    left = f": left alone, {row['left']}{f' ({names})' if names else ''}" if row["left"] else ""
    return f"{row['entity']} {row['id']} \u201c{row['title']}\u201d {', '.join(row['effects'])}{left}"
