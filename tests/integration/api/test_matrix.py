"""Every route and every action of a socket, for everybody: nobody is told of what is not theirs. A new route fails until it is here."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.routing import BaseRoute, Route

from api.app import compose, public_app
from api.auth import mint
from api.mcp.server import PATH, AgentsDoor
from api.protocol.inputs import FROM_CLIENT, Change, Input, Invalid, Ping, Pong, Resume, Subscribe, Token, Unknown, Unsubscribe
from api.settings import EdgeSettings
from tests.integration.api.harness import SECRET, Client, RunningEdge, TinyWorker, until_closed, until_read

SECRET_WORD: Final = "Task t-secret"  # noqa: S105  it is the title of a task
PUBLIC: Final = {("GET", "/"), ("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/docs/oauth2-redirect"), ("POST", "/api/v2/login")}
MEMBER: Final = {"owner": "owner", "editor": "editor", "viewer": "viewer"}
CALLERS: Final = ("owner", "editor", "viewer", "elsewhere", "nobody", "removed", "none")
"""elsewhere: an owner of another project. nobody: a user whom the log never names. removed: no member any more. none: no token."""
Expected = dict[str, int]


class Case(NamedTuple):
    """How a route is called, what each caller gets, and whether its answer names what only members may know."""

    call: Callable[[], dict[str, Any]]
    expected: Expected
    tells: bool = True


def of_project(member: int = 200, *, viewer: int | None = None, editor: int | None = None) -> Expected:
    """Return what callers get where a project is named: 404 for all who may not read it."""
    roles = {"owner": member, "editor": editor or member, "viewer": viewer or member}
    return roles | dict.fromkeys(("elsewhere", "nobody", "removed"), 404) | {"none": 401}


ANYBODY: Final[Expected] = dict.fromkeys(CALLERS, 200) | {"none": 401}
CHANGE: Final = {"entity": "task", "action": "patch", "project_id": "p", "entity_id": "t-secret", "data": {"status": "done"}}
CASES: Final[dict[tuple[str, str], list[Case]]] = {
    ("POST", "/api/v2/branches/summaries/bulk"): [
        Case(lambda: {"json": {}}, ANYBODY),
        Case(lambda: {"json": {"project_ids": ["p"]}}, of_project()),
        Case(lambda: {"json": {"project_ids": ["p", "q"]}}, dict.fromkeys(CALLERS, 404) | {"none": 401}),
        Case(lambda: {"json": {"user_id": "owner"}}, dict.fromkeys(CALLERS, 403) | {"owner": 200, "none": 401}),
    ],
    ("GET", "/api/v2/branches/summaries"): [
        Case(dict, ANYBODY),
        Case(lambda: {"params": {"project_id": "p"}}, of_project()),
    ],
    ("GET", "/api/v2/projects/{project_id}/tasks"): [Case(dict, of_project())],
    ("GET", "/api/v2/projects/{project_id}/burndown"): [Case(dict, of_project(), tells=False)],
    ("GET", "/api/v2/tasks"): [Case(lambda: {"params": {"q": "secret"}}, ANYBODY)],
    ("GET", "/api/v2/recent"): [Case(dict, ANYBODY)],
    ("GET", "/api/v2/views/{view}"): [
        Case(dict, ANYBODY),
        Case(lambda: {"params": {"where": "title~secret"}}, ANYBODY),
        Case(lambda: {"params": {"project_id": "p"}}, of_project()),
    ],
    ("POST", "/api/v2/changes"): [
        Case(lambda: {"json": CHANGE}, of_project(202, viewer=403), tells=False),
        Case(lambda: {"json": [CHANGE]}, of_project(202, viewer=403), tells=False),
        Case(
            lambda: {"json": CHANGE | {"entity": "member", "action": "create", "entity_id": "friend", "data": {"role": "owner"}}},
            of_project(202, viewer=403, editor=403),
            tells=False,
        ),
        Case(lambda: {"json": CHANGE | {"user_id": "somebody"}}, of_project(403), tells=False),
    ],
    ("GET", "/api/v2/changes"): [
        Case(lambda: {"params": {"stream": "project:p", "wait": 0}}, of_project()),
        Case(
            lambda: {"params": {"stream": "project:*", "wait": 0}},
            dict.fromkeys(CALLERS, 200) | {"nobody": 204, "removed": 204, "none": 401},
        ),
    ],
    ("GET", "/api/v2/sessions/{session_id}/receipt"): [
        Case(dict, of_project()),
        Case(lambda: {"params": {"project_id": "p"}}, of_project()),
    ],
    ("POST", "/api/v2/sessions/{session_id}/undo"): [Case(dict, of_project(viewer=403))],
    ("GET", "/api/v1/projects/{project_id}/branches/summaries"): [Case(dict, of_project())],
    ("GET", "/api/v1/branches/{branch_id}/summary"): [
        Case(dict, of_project()),
        Case(lambda: {"params": {"project_id": "p"}}, of_project()),
    ],
}
PATHS: Final = {
    "{session_id}": "work",
    "{project_id}": "p",
    "{branch_id}": "p-main",
    "{view}": "tasks",
    "{project_id:path}": "p",
    "{branch_id:path}": "p-main",
}


def flat(routes: list[BaseRoute]) -> Iterator[APIRoute]:
    """Give all routes, those of included routers too."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from flat(inner.routes)
        elif isinstance(route, APIRoute):
            yield route


async def test_every_route_is_covered(tmp_path: Path) -> None:
    """What is not here would be open or closed by chance."""
    edge = compose(EdgeSettings(jwt_secret=SecretStr(SECRET), data=tmp_path, web_dir=tmp_path, docs=True), 1)
    app = public_app(edge, AgentsDoor(edge))
    there = {(method, route.path.replace(":path", "")) for route in flat(app.routes) for method in route.methods or ()}
    assert there - PUBLIC == set(CASES)
    plain = {route.path for route in app.routes if type(route) is Route}
    assert plain - {path for _, path in PUBLIC} == {PATH}  # whose tools and resources are walked in test_matrix_of_agents


async def prepared(worker: TinyWorker, edge: RunningEdge) -> None:
    """Give an edge a project with a member of each kind, and another one."""
    await worker.add_task("p", "t-secret")
    for session, action in (("earlier", "create"), ("work", "patch"), ("later", "patch")):  # nothing is left to undo
        await worker.log("p", session, action, "t-secret", title=f"secret of {session}")
    for user, role in MEMBER.items():
        await worker.member("p", user, role)
    await until_read(edge, await worker.member("p", "removed", None))
    await worker.add_task("q", "t-other")
    await until_read(edge, await worker.member("q", "elsewhere", "owner"))


def claims(caller: str) -> tuple[str, ...]:
    """Return the projects that a caller's token names: none, but that of the removed member still names it."""
    return ("p",) if caller == "removed" else ()


def client(edge: RunningEdge, caller: str) -> httpx.AsyncClient:
    """Return a client."""
    if caller == "none":
        return httpx.AsyncClient(base_url=edge.url, trust_env=False, timeout=20)
    return edge.client(caller, claims(caller))


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_route_for_everybody(worker: TinyWorker, edge: RunningEdge, caller: str) -> None:
    """The status that a caller of this kind gets; the word that only members may read is in an answer of theirs and in no other."""
    await prepared(worker, edge)
    async with client(edge, caller) as http:
        found: dict[str, int] = {}
        expected: dict[str, int] = {}
        for (method, template), cases in CASES.items():
            path = template
            for name, value in PATHS.items():
                path = path.replace(name, value)
            for number, case in enumerate(cases):
                answer = await http.request(method, path, **case.call())
                name = f"{method} {template} {number}"
                found[name], expected[name] = answer.status_code, case.expected[caller]
                if caller not in MEMBER:
                    assert "secret" not in answer.text, (name, answer.text)
                if caller in MEMBER and case.tells and answer.status_code == 200 and "tasks" in path:
                    assert SECRET_WORD in answer.text, name
        assert found == expected


def frame(type_: str, action: str, data: dict[str, Any] | None = None, **fields: object) -> str:
    """Return a client's frame."""
    return json.dumps({"type": type_, "payload": {"action": action, "data": data or {}} | {"entity": "task"}} | fields)


STREAM: Final = {"streams": [{"stream": "project:p"}]}
WRITE: Final = {"primary": {"id": "t-secret", "status": "done"}}
ACTIONS: Final[dict[type[Input], str]] = {
    Subscribe: frame("sync", "subscribe", STREAM),
    Resume: frame("sync", "resume", {"streams": [{"stream": "project:p", "since": {"epoch": "e1", "sequence": 1}}]}),
    Unsubscribe: frame("sync", "unsubscribe", STREAM),
    Change: frame("update", "patch", WRITE, id="change-1", stream="project:p"),
    Ping: frame("heartbeat", "ping"),
    Pong: frame("heartbeat", "pong"),
    Token: "",
    Unknown: frame("sync", "whatever"),
    Invalid: "[]",
}


def test_every_action_of_a_socket_is_covered() -> None:
    """What a client may send is here."""
    assert set(ACTIONS) == set(FROM_CLIENT)


@pytest.mark.parametrize("caller", [caller for caller in CALLERS if caller != "none"])
async def test_every_action_of_a_socket_for_everybody(worker: TinyWorker, edge: RunningEdge, caller: str) -> None:
    """Streams and writes by role; whoever may not read is told nothing, by `project:*` and heartbeats neither."""
    await prepared(worker, edge)
    reads, writes = caller in MEMBER, caller in {"owner", "editor"}
    async with edge.socket(caller, claims(caller)) as socket:
        said = Client(socket)
        await said.until("sync", "welcome")
        for kind in (ACTIONS[Subscribe], ACTIONS[Resume]):
            await socket.send(kind)
            (entry,) = (await said.until("sync", "subscribed"))["payload"]["data"]["streams"]
            assert (entry["status"] != "error", entry.get("error", {}).get("code")) == (reads, None if reads else "unknown-project")
        await socket.send(ACTIONS[Change])
        answer = await said.until("ack", "accepted") if writes else await said.until("error", "failed")
        assert answer["payload"]["data"].get("code") == (None if writes else "forbidden" if reads else "unknown-project")
        for kind in (ACTIONS[Pong], ACTIONS[Unknown], ACTIONS[Ping]):
            await socket.send(kind)
        heads = (await said.until("heartbeat", "pong"))["payload"]["data"]["streams"]
        assert {head["stream"] for head in heads} <= ({"project:p"} if reads else set())
        await socket.send(ACTIONS[Unsubscribe])
        left = (await said.until("sync", "unsubscribed"))["payload"]["data"]["streams"]
        assert left == ([{"stream": "project:p"}] if reads else [])
        await said.subscribe("project:*")
        everything = {entry["stream"] for entry in (await said.until("sync", "subscribed"))["payload"]["data"]["streams"]}
        assert everything == ({"project:p"} if reads else {"project:q"} if caller == "elsewhere" else set())
        assert reads or "secret" not in json.dumps(said.frames)


@pytest.mark.parametrize("caller", [caller for caller in CALLERS if caller != "none"])
async def test_a_socket_stays_its_user_s(worker: TinyWorker, edge: RunningEdge, caller: str) -> None:
    """A new token of the same user is taken, one of another ends it, and so does what is no frame."""
    await prepared(worker, edge)
    async with edge.socket(caller, claims(caller)) as socket:
        said = Client(socket)
        await socket.send(frame("sync", "token", {"token": mint(SECRET, caller, (), 60)}))
        await said.until("sync", "token")
        await socket.send(frame("sync", "token", {"token": mint(SECRET, "owner" if caller != "owner" else "viewer", (), 60)}))
        assert await until_closed(socket) == 4403
    async with edge.socket(caller, claims(caller)) as socket:
        await socket.send(ACTIONS[Invalid])
        assert await until_closed(socket) == 4400


async def test_a_socket_without_a_token_does_nothing(edge: RunningEdge) -> None:
    """It is closed before any of its frames is read."""
    async with edge.dial(["summary.v2"]) as socket:
        assert await until_closed(socket) == 4401
