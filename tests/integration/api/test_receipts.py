"""Receipts from a real log: what is read, what is refused, and what is said when the log is not whole."""

import asyncio
from urllib.parse import quote

import psutil

from api.past import Log
from api.protocol.told import Most
from api.receipts import Asked, read
from broker.connection import KafkaSettings
from cli.refold import Refold
from tests.integration.api.aside import aside_s, each, timed
from tests.integration.api.harness import RunningEdge, StartEdge, TinyWorker, client_of, until_read

LONG = 4_000


async def known(worker: TinyWorker, edge: RunningEdge, *projects: str) -> None:
    """Let an edge know some projects."""
    for project_id in projects:
        await until_read(edge, await worker.add_task(project_id, "t0"))


async def test_a_receipt_reads_the_log_of_the_projects_that_may_be_read(worker: TinyWorker, edge: RunningEdge) -> None:
    """One session in two projects is one receipt; a session that only looks like it is none of it; ids may have any letters."""
    session = 'agent/7 "ä"'
    for project_id in ("p", "q", "other"):
        await worker.log(project_id, session, "create", "a", title="A", status="done")
    await worker.log("p", session + "x", "create", "b")
    await known(worker, edge, "p", "q", "other")
    path = f"/api/v2/sessions/{quote(session, safe='')}/receipt"
    async with edge.client(projects=("p", "q")) as http:
        told = (await http.get(path)).json()
        assert (told["projects"], told["net"]["task"]["completed"], told["summary"]) == (
            ["p", "q"],
            2,
            "2 done, 2 created; projects: 2 created; branches: 2 created, in 0 s",
        )
        assert (await http.get(path, params={"project_id": "q"})).json()["net"]["task"]["completed"] == 1
        refused = [(await http.get(path, params={"project_id": name})).json()["code"] for name in ("other", "x" * 129)]
        assert refused == ["unknown-project", "invalid-request"]
        assert (await http.get("/api/v2/sessions/none/receipt")).json()["code"] == "unknown-session"


async def test_what_is_gone_is_not_guessed(worker: TinyWorker, start_edge: StartEdge) -> None:
    """With a bound of three events, what a session did to a row that was made before them is told as unknown, and left alone."""
    edge = await start_edge(receipts={"events": 3, "rows": 1})
    await worker.log("p", "before", "create", "old", title="Old")
    await worker.log("p", "before", "create", "known", title="Known")
    await worker.log("p", "s", "patch", "old", title="New")
    await worker.log("p", "s", "patch", "known", title="New")
    await known(worker, edge, "p")
    async with edge.client() as http:
        told = (await http.get("/api/v2/sessions/s/receipt")).json()
        assert (told["complete"], told["left"], told["more"], told["net"]["task"]["changed"]) == (False, 1, True, 1)
        assert [change["entity_id"] for change in told["undo"]] == ["known"]


async def test_readers_take_turns(worker: TinyWorker, start_edge: StartEdge) -> None:
    """Those who would wait too long are told when to come back; the log is not read by more at once than is allowed."""
    edge = await start_edge(receipts={"readers": 1, "wait_s": 0.0})
    await worker.log("p", "s", "create", "a")
    await known(worker, edge, "p")
    async with edge.client() as http:
        answers = await asyncio.gather(*(http.get("/api/v2/sessions/s/receipt") for _ in range(6)))
        assert {answer.status_code for answer in answers} == {200, 429}
        assert next(answer for answer in answers if answer.status_code == 429).headers["Retry-After"] == "2"
        assert (await http.get("/api/v2/sessions/s/receipt")).status_code == 200


async def test_a_long_receipt_holds_up_nobody(worker: TinyWorker, edge: RunningEdge, topics: KafkaSettings) -> None:
    """Frames come while it is made: reading and folding are another process's work. What it says is the same; its end is told."""
    await worker.log_many("p", [("other" if number % 4 else "s", f"t{number % 500}", f"T{number}") for number in range(LONG)])
    await known(worker, edge, "p")
    log = Log(topics, 1_000_000)
    asked = Asked(log, Refold, "s", ("p",), await log.spans(["p"]), Most(1_000, 5_000))
    in_place, whole_s = await timed(lambda: read(asked))
    async with client_of(edge) as client, edge.client() as http:
        await client.subscribe("project:p")
        await client.until("sync", "subscribed")
        await http.get("/api/v2/sessions/s/receipt")  # the process starts
        before_s = aside_s()
        answer, own_s = await timed(lambda: http.get("/api/v2/sessions/s/receipt"))
        assert answer.json() == in_place.receipt
        assert own_s < whole_s
        assert aside_s() - before_s > whole_s / 3
        making = asyncio.create_task(http.get("/api/v2/sessions/s/receipt"))
        each(psutil.Process.suspend)  # however long it takes them
        for number in range(5):
            await client.until_sequence("project:p", await worker.add_task("p", f"live{number}"))
        assert not making.done()
        each(psutil.Process.resume)
        assert (await making).status_code == 200
        each(psutil.Process.suspend)
        making = asyncio.create_task(http.get("/api/v2/sessions/s/receipt"))
        await asyncio.sleep(0.3)
        while not making.done():
            each(psutil.Process.kill)
            await asyncio.sleep(0.01)
        assert making.result().json()["code"] == "log-unavailable"
        assert (await http.get("/api/v2/sessions/s/receipt")).status_code == 200
