"""A real edge on a real broker: joining, resuming, missing nothing."""

import asyncio

from broker.partitioner import partition_for
from tests.integration.api.harness import PARTITIONS, Client, RunningEdge, StartEdge, TinyWorker, client_of, until_read


async def test_a_client_sees_a_snapshot_and_then_every_change(worker: TinyWorker, edge: RunningEdge) -> None:
    """Subscribed, snapshot, update: in this order, and the rows are the worker's."""
    await worker.add_task("p1", "t1")
    async with client_of(edge) as client:
        await client.subscribe("project:*")
        answer = await client.until("sync", "subscribed")
        if not answer["payload"]["data"]["streams"]:
            answer = await client.until("sync", "subscribed")
        assert [entry["stream"] for entry in answer["payload"]["data"]["streams"]] == ["project:p1"]
        snapshot = await client.until("bulk", "snapshot")
        assert snapshot["payload"]["data"]["primary"]["id"] == "p1"
        sequence = await worker.add_task("p1", "t2")
        await client.until_sequence("project:p1", sequence)
        assert client.rows["project", "p1"]["total_tasks"] == 2
        assert client.rows["task", "t2"]["title"] == "Task t2"
        assert (client.doubled, client.gaps) == (0, 0)


async def test_joins_under_continuous_publishing_lose_and_double_nothing(worker: TinyWorker, edge: RunningEdge) -> None:
    """Whenever one joins, snapshot and frames fit together without a gap, and all end with the same rows."""
    await worker.add_task("p", "t0")
    stop = asyncio.Event()
    last = [0]

    async def publish() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            last[0] = await worker.add_task("p", f"t{number % 50}", status=("todo", "done", "review")[number % 3])

    async def join() -> Client:
        async with edge.socket(user=f"u{len(joined)}") as socket:
            client = Client(socket)
            await client.until("sync", "welcome")
            await client.subscribe("project:p")
            await client.until_sequence("project:p", last[0] + 3)
            return client

    publishing = asyncio.create_task(publish())
    joined: list[Client] = []
    for _ in range(25):
        joined += await asyncio.gather(*(join() for _ in range(8)))
    stop.set()
    await publishing
    assert len(joined) == 200
    assert [(client.doubled, client.gaps) for client in joined] == [(0, 0)] * 200
    for client in joined:
        branch = client.rows["branch", "p-main"]
        assert sum(branch["status_breakdown"].values()) == branch["total_tasks"] == client.rows["project", "p"]["total_tasks"]


async def test_a_client_resumes_with_exactly_what_it_missed(worker: TinyWorker, edge: RunningEdge) -> None:
    """`recovered` replays the frames after `since`; `live` replays nothing."""
    first = await worker.add_task("p", "t1")
    async with client_of(edge) as client:
        await client.subscribe("project:p")
        await client.until_sequence("project:p", first)
        epoch = client.position["project:p"][0]
    sequences = [await worker.add_task("p", f"t{number}") for number in range(2, 5)]
    async with client_of(edge) as client:
        client.position["project:p"] = (epoch, first)
        await until_read(edge, sequences[-1])
        await client.subscribe("project:p", since={"epoch": epoch, "sequence": first})
        entry = (await client.until("sync", "subscribed"))["payload"]["data"]["streams"][0]
        assert (entry["status"], entry["replayed"]) == ("recovered", 3)
        await client.until_sequence("project:p", sequences[-1])
        assert [frame["sequence"] for frame in client.frames if frame["type"] == "update"] == sequences
        await client.send("sync", "resume", {"streams": [{"stream": "project:p", "since": {"epoch": epoch, "sequence": sequences[-1]}}]})
        entry = (await client.until("sync", "subscribed"))["payload"]["data"]["streams"][0]
        assert (entry["status"], entry["replayed"], client.gaps) == ("live", 0, 0)


async def test_a_place_that_left_the_ring_gets_a_snapshot(worker: TinyWorker, start_edge: StartEdge) -> None:
    """No partial recovery: what the ring does not hold any more comes as a whole."""
    edge = await start_edge(limits={"ring_frames": 4})
    first = last = await worker.add_task("p", "t0")
    for number in range(8):
        last = await worker.add_task("p", f"t{number}")
    await until_read(edge, last)
    async with client_of(edge) as client:
        await client.subscribe("project:p", since={"epoch": "e1", "sequence": first})
        entry = (await client.until("sync", "subscribed"))["payload"]["data"]["streams"][0]
        assert entry["status"] == "snapshot"
        await client.until_sequence("project:p", last)
        assert client.rows["project", "p"]["total_tasks"] == 8


async def test_another_epoch_resets_the_client(worker: TinyWorker, edge: RunningEdge) -> None:
    """A place in another life of the topics means nothing: reset, then a snapshot."""
    last = await worker.add_task("p", "t0")
    await until_read(edge, last)
    async with client_of(edge) as client:
        await client.subscribe("project:p", since={"epoch": "of old", "sequence": 5})
        await client.until("sync", "reset")
        await client.until("bulk", "snapshot")


async def test_a_second_edge_takes_over_where_the_first_ended(worker: TinyWorker, start_edge: StartEdge) -> None:
    """An edge can be replaced at any moment: goodbye and 1012, and the place is good at the next one."""
    first_edge = await start_edge()
    sequence = await worker.add_task("p", "t0")
    async with client_of(first_edge) as client:
        await client.subscribe("project:p")
        await client.until_sequence("project:p", sequence)
        epoch = client.position["project:p"][0]
        ending = asyncio.create_task(first_edge.end())
        goodbye = await client.until("sync", "goodbye")
        assert goodbye["payload"]["data"]["retryAfterMs"] >= 0
        await client.socket.wait_closed()
        assert client.socket.close_code == 1012
        await ending
    missed = [await worker.add_task("p", f"t{number}") for number in range(20)][-1]
    second_edge = await start_edge()
    async with client_of(second_edge) as client:
        client.position["project:p"] = (epoch, sequence)
        await client.subscribe("project:p", since={"epoch": epoch, "sequence": sequence})
        entry = (await client.until("sync", "subscribed"))["payload"]["data"]["streams"][0]
        assert (entry["status"], entry["replayed"]) == ("recovered", 20)
        await client.until_sequence("project:p", missed)
        assert {frame["epoch"] for frame in client.frames if frame["type"] == "update"} == {epoch}
        assert client.gaps == 0


async def test_a_heartbeat_says_where_all_stands(worker: TinyWorker, edge: RunningEdge) -> None:
    """Of each stream the place, up to where the rows include the log, and what the project's row must add up to."""
    await worker.add_task("p", "t1")
    async with client_of(edge) as client:
        await until_read(edge, await worker.add_task("p", "t2"))
        await client.subscribe("project:p")
        await client.until("bulk", "snapshot")
        last = await worker.add_task("p", "t3")
        await client.until_sequence("project:p", last)
        await client.send("heartbeat", "ping")
        (head,) = (await client.until("heartbeat", "pong"))["payload"]["data"]["streams"]
        row, partition = client.rows["project", "p"], partition_for("p", PARTITIONS)
        assert (head["stream"], head["epoch"], head["sequence"]) == ("project:p", "e1", last)
        assert head["position"] == {"partition": partition, "offset": worker.offsets[partition]}
        assert (head["digest"], head["stamp"]) == (row["digest"], row["stamp"])
