"""What went wrong at the edge of a platform before this one, and must not here: one test each."""

import json

from api.protocol.inputs import Subscribe
from api.protocol.transitions import receive
from schemas.frames import ALL_PROJECTS, Want
from tests.integration.api.harness import Client, RunningEdge, StartEdge, TinyWorker, client_of, until_read
from tests.unit.api.protocol.fakes import NOW, FakeRows, World

BULK = "/api/v2/branches/summaries/bulk"


async def test_a_sequence_is_no_random_number(worker: TinyWorker, start_edge: StartEdge) -> None:
    """It was one of 9 000. Here it is the record's place: it only grows, and it is the same at every edge."""
    edges = [await start_edge(), await start_edge()]
    first = await worker.add_task("p", "first")
    seen: list[list[int]] = []
    for edge in edges:
        await until_read(edge, first)
        async with client_of(edge) as client:
            await client.subscribe("project:p")
            await client.until("bulk", "snapshot")
            sequences = [await worker.add_task("p", f"t{number}") for number in range(5)]
            await client.until_sequence("project:p", sequences[-1])
            seen.append([frame["sequence"] for frame in client.frames if frame["type"] == "update" and frame["sequence"] in sequences])
            assert seen[-1] == sequences == sorted(set(sequences))
    async with client_of(edges[1]) as client:
        await client.subscribe("project:p", since={"epoch": "e1", "sequence": seen[0][0]})
        await client.until_sequence("project:p", seen[1][-1])
        assert [frame["sequence"] for frame in client.frames if frame["type"] == "update"] == [*seen[0][1:], *seen[1]]


async def test_a_second_update_of_the_same_thing_is_not_dropped(worker: TinyWorker, edge: RunningEdge) -> None:
    """A filter by kind, id and user swallowed it for five seconds. Here each change is a frame, however soon it comes."""
    async with client_of(edge) as client:
        first = await worker.add_task("p", "t", status="todo")
        await until_read(edge, first)
        await client.subscribe("project:p")
        await client.until("bulk", "snapshot")
        last = [await worker.add_task("p", "t", status=status) for status in ("in_progress", "review", "done")][-1]
        await client.until_sequence("project:p", last)
        updates = [frame["payload"]["data"]["primary"]["status"] for frame in client.frames if frame["sequence"] > first]
        assert updates == ["in_progress", "review", "done"]


async def test_a_delete_reaches_those_who_could_read_what_is_gone(worker: TinyWorker, edge: RunningEdge) -> None:
    """The owner was looked up after the delete, so only the acting user was told. Here every member is."""
    await worker.add_task("p", "t")
    await worker.member("p", "actor", "owner")
    await until_read(edge, await worker.member("p", "watcher", "viewer"))
    async with edge.socket("actor", ()) as one, edge.socket("watcher", ()) as two:
        clients = [Client(one), Client(two)]
        for client in clients:
            await client.subscribe("project:p")
            await client.until("bulk", "snapshot")
        await worker.delete_project("p", "actor", "watcher")
        for client in clients:
            assert (await client.until("update", "delete"))["payload"]["data"]["primary"]["deleted"] is True


class CountedRows(FakeRows):
    """Rows that count how often somebody's standing is asked for."""

    asked = 0

    def standing(self, project_id: str, user_id: str) -> None:
        """Count."""
        assert project_id
        assert user_id
        self.asked += 1


def test_nothing_is_looked_up_per_connection_and_message() -> None:
    """Each message was one query per connection. Here rights are asked for when a stream is joined and when they change."""
    world = World()
    world.rows = CountedRows()
    world.hub.rows = world.rows
    world.publish("p")
    sessions = [world.session() for _ in range(50)]
    for session in sessions:
        receive(session, Subscribe([Want(ALL_PROJECTS)]), NOW)
        world.due(session)
    asked = world.rows.asked
    for _ in range(20):
        world.publish("p")
    assert all(len(world.due(session)) == 20 for session in sessions)
    assert world.rows.asked == asked


async def test_a_user_may_have_several_sockets(worker: TinyWorker, edge: RunningEdge) -> None:
    """A second tab took the place of the first, and closing one dropped both. Here each is its own, with streams of its own."""
    await until_read(edge, await worker.add_task("p", "t"))
    await until_read(edge, await worker.add_task("q", "t"))
    async with client_of(edge) as first:
        await first.subscribe("project:p")
        await first.until("bulk", "snapshot")
        async with client_of(edge) as second:
            await second.subscribe("project:q")
            await second.until("bulk", "snapshot")
            await first.until_sequence("project:p", await worker.add_task("p", "both"))
        await first.until_sequence("project:p", await worker.add_task("p", "one"))
        assert {frame["stream"] for frame in first.frames if "stream" in frame} == {"project:p"}


async def test_what_cannot_be_handled_stops_nothing_else(worker: TinyWorker, edge: RunningEdge) -> None:
    """One exception in a handler ended all later messages. Here a wrong record, a wrong frame and a lost socket are their own business."""
    await until_read(edge, await worker.add_task("p", "t"))
    async with client_of(edge) as client, client_of(edge, "other") as lost, edge.socket("third") as wrong:
        for one in (client, lost):
            await one.subscribe("project:p")
            await one.until("bulk", "snapshot")
        lost.socket.transport.abort()
        await wrong.send('{"type":"update","payload":{"action":"patch","entity":"task","data":[]}}')
        await worker.cascade("p", b'{"type":"update"')
        await worker.state(0, b"task/p", b"nonsense")
        await worker.state(0, b"\xff\xff", b"{}")
        last = await worker.add_task("p", "after")
        await client.until_sequence("project:p", last)
        assert client.rows["branch", "p-main"]["total_tasks"] == 2
        async with edge.client() as http:
            assert (await http.post(BULK, json={})).json()["projects"]["p"]["total_tasks"] == 2


async def test_projects_that_are_named_must_be_the_caller_s(worker: TinyWorker, edge: RunningEdge) -> None:
    """Named ids were answered to everybody. Here one that the caller may not read is as unknown as one that never was."""
    await worker.add_task("mine", "t")
    await worker.member("mine", "me", "owner")
    await until_read(edge, await worker.member("mine", "me", "owner"))
    await until_read(edge, await worker.add_task("theirs", "t"))
    async with edge.client("me", ()) as http:
        refused = [await http.post(BULK, json={"project_ids": [name]}) for name in ("theirs", "nowhere")]
        assert [answer.status_code for answer in refused] == [404, 404]
        told = [answer.json() | {"detail": ""} for answer in refused]
        assert told[0] == told[1]
        assert set((await http.post(BULK, json={"project_ids": ["mine"]})).json()["projects"]) == {"mine"}
        mixed = await http.post(BULK, json={"project_ids": ["mine", "theirs"]})
        assert (mixed.status_code, "summaries" in json.dumps(mixed.json())) == (404, False)
