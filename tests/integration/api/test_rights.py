"""Rights on a real edge: what the log says of members holds at once, for calls and for sockets that are open already."""

import asyncio
import json

import httpx
from websockets.asyncio.client import ClientConnection

from tests.integration.api.harness import Client, Row, RunningEdge, TinyWorker, until_read

TASKS = "/api/v2/projects/p/tasks"
CHANGE: Row = {"entity": "task", "action": "patch", "project_id": "p", "entity_id": "t", "data": {"title": "T"}}


async def joined(socket: ClientConnection, *streams: str) -> Client:
    """Return a client that joined these streams."""
    client = Client(socket)
    await client.subscribe(*streams)
    await client.until("sync", "subscribed")
    return client


async def answers(http: httpx.AsyncClient) -> list[int]:
    """Return how reading, writing and naming a member are answered."""
    member = {"entity": "member", "action": "create", "project_id": "p", "entity_id": "new", "data": {"role": "viewer"}}
    return [
        (await http.get(TASKS)).status_code,
        (await http.post("/api/v2/changes", json=CHANGE)).status_code,
        (await http.post("/api/v2/changes", json=member)).status_code,
    ]


async def test_each_role_does_what_it_may(worker: TinyWorker, edge: RunningEdge) -> None:
    """Without any claim in the token; and a claim gives a removed member nothing back."""
    await worker.add_task("p", "t")
    last = [await worker.member("p", user, role) for user, role in (("o", "owner"), ("e", "editor"), ("v", "viewer"), ("r", None))][-1]
    await until_read(edge, last)
    expected = {"o": [200, 202, 202], "e": [200, 202, 403], "v": [200, 403, 403], "r": [404] * 3, "x": [404] * 3}
    for user, wanted in expected.items():
        async with edge.client(user, projects=()) as http:
            assert (user, await answers(http)) == (user, wanted)
    async with edge.client("r", projects=("p", "*")) as http:
        assert await answers(http) == [404] * 3


async def test_a_removed_member_is_out_at_once(worker: TinyWorker, edge: RunningEdge) -> None:
    """On open sockets too, named or `project:*`, and in a long-poll that waits; others go on; whoever is taken in again comes back."""
    await worker.add_task("p", "t")
    await until_read(edge, await worker.member("p", "u", "editor"))
    async with edge.socket("u", ("p",)) as one, edge.socket("u", ()) as two, edge.socket("w") as three, edge.client("u", ()) as http:
        named, every, other = await joined(one, "project:p"), await joined(two, "project:*"), await joined(three, "project:p")
        await every.until("bulk", "snapshot")
        place = {"stream": "project:p", "since": f"e1:{every.position['project:p'][1]}"}
        waiting = asyncio.create_task(http.get("/api/v2/changes", params=place))
        await asyncio.sleep(0.1)
        removed = await worker.member("p", "u", None)
        await worker.add_task("p", "secret")
        for client in (named, every):
            left = await client.until("sync", "unsubscribed")
            assert left["payload"]["data"]["streams"] == [{"stream": "project:p"}]
        assert (await waiting).status_code == 404
        await other.until_sequence("project:p", removed + 1)
        await worker.member("p", "u", "viewer")
        assert (await every.until("sync", "subscribed"))["payload"]["data"]["streams"][0]["status"] == "snapshot"
        await named.subscribe("project:p")
        await named.until("sync", "subscribed")
        for client in (named, every):
            assert not [frame for frame in client.frames if "secret" in json.dumps(frame) and frame["type"] == "update"]


async def test_the_end_of_a_project_reaches_its_members(worker: TinyWorker, edge: RunningEdge) -> None:
    """Although the same event ends their membership; when the project is made anew, they are out."""
    await worker.add_task("p", "t")
    await until_read(edge, await worker.member("p", "u", "editor"))
    async with edge.socket("u", ()) as socket:
        client = await joined(socket, "project:p")
        await client.until("bulk", "snapshot")
        await worker.delete_project("p", "u")
        gone = await client.until("update", "delete")
        assert gone["payload"]["data"]["primary"]["deleted"] is True
        await worker.add_task("p", "again")
        await client.until("sync", "unsubscribed")


async def test_a_member_row_that_only_changes_its_user_takes_effect_at_once(worker: TinyWorker, edge: RunningEdge) -> None:
    """Same row, same role, another user: who was it is out on open sockets, who is it now may read, without a restart."""
    await worker.add_task("p", "t")
    await until_read(edge, await worker.member("p", "seat", "editor", of="u"))
    async with edge.socket("u", ()) as one, edge.socket("w", ()) as two, edge.client("u", ()) as was, edge.client("w", ()) as now:
        old, new = await joined(one, "project:p"), await joined(two, "project:*")
        assert [await answers(http) for http in (was, now)] == [[200, 202, 403], [404] * 3]
        await until_read(edge, await worker.member("p", "seat", "editor", of="w"))
        assert [await answers(http) for http in (was, now)] == [[404] * 3, [200, 202, 403]]
        assert (await old.until("sync", "unsubscribed"))["payload"]["data"]["streams"] == [{"stream": "project:p"}]
        assert (await new.until("sync", "subscribed"))["payload"]["data"]["streams"][0]["stream"] == "project:p"
