"""The long-poll of a real edge on a real broker."""

import asyncio
import json
import time

import httpx
import pytest

from api.auth import mint
from tests.integration.api.harness import SECRET, Row, RunningEdge, StartEdge, TinyWorker, until_read

CHANGES = "/api/v2/changes"


async def place_of(client: httpx.AsyncClient, project_id: str, at_least: int) -> str:
    """Return the place of the bulk answer, once it has this sequence."""
    while True:
        answer = (await client.get("/api/v2/branches/summaries")).json()
        place = answer["metadata"]["positions"].get(project_id)
        if place and place["sequence"] >= at_least:
            return f"{place['epoch']}:{place['sequence']}"
        await asyncio.sleep(0.02)


async def test_the_bytes_are_those_of_the_socket(worker: TinyWorker, edge: RunningEdge) -> None:
    """The same frames, byte for byte, from the same place on; an answer comes as soon as there is one."""
    first = await worker.add_task("p", "t0")
    async with edge.client() as http, edge.socket() as socket:
        since = await place_of(http, "p", first)
        await socket.send(
            json.dumps(
                {
                    "type": "sync",
                    "payload": {
                        "action": "subscribe",
                        "data": {"streams": [{"stream": "project:p", "since": {"epoch": "e1", "sequence": first}}]},
                    },
                }
            )
        )
        asking = asyncio.create_task(http.get(CHANGES, params={"stream": "project:p", "since": since}))
        second = await worker.add_task("p", "t1")
        answer = await asking
        assert answer.status_code == 200
        third = await worker.add_task("p", "t2")
        await until_read(edge, third)
        both = await http.get(CHANGES, params={"stream": "project:p", "since": since})
        frames: list[str] = []
        while len(frames) < 2:
            text = str(await socket.recv())
            frames += [text] if json.loads(text)["sequence"] else []
        assert answer.text in {f"[{frames[0]}]", f"[{','.join(frames)}]"}
        assert both.text == f"[{','.join(frames)}]"
        assert [frame["sequence"] for frame in both.json()] == [second, third]
        nothing = await http.get(CHANGES, params={"stream": "project:p", "since": f"e1:{third}", "wait": 0.2})
        assert (nothing.status_code, nothing.content) == (204, b"")


async def test_a_chain_of_polls_misses_and_doubles_nothing(worker: TinyWorker, edge: RunningEdge) -> None:
    """Two streams and all others, while changes come: a client by the rules ends with the worker's rows."""
    await worker.add_task("p", "t")
    await until_read(edge, await worker.add_task("q", "t"))

    async def publish() -> dict[str, int]:
        last: dict[str, int] = {}
        for number in range(40):
            for project_id in ("p", "q", "new"):
                last[project_id] = await worker.add_task(project_id, f"t{number}")
        return last

    publishing = asyncio.create_task(publish())
    positions: dict[str, str] = {}
    seen: dict[str, list[int]] = {}
    totals: dict[str, int] = {}
    async with edge.client() as http:
        while not publishing.done() or any(seen.get(name, [0])[-1] < last for name, last in publishing.result().items()):
            params = [pair for stream, since in positions.items() for pair in (("stream", stream), ("since", since))]
            answer = await http.get(CHANGES, params=[*params, ("stream", "project:*"), ("wait", "2")])
            assert answer.status_code in {200, 204}
            for frame in answer.json() if answer.content else []:
                _take(frame, positions, seen, totals)
    assert {name: len(sequences) == len(set(sequences)) for name, sequences in seen.items()} == dict.fromkeys(("p", "q", "new"), True)
    assert totals == {"p": 41, "q": 41, "new": 40}


def _take(frame: Row, positions: dict[str, str], seen: dict[str, list[int]], totals: dict[str, int]) -> None:
    """Take a frame in by the rules: nothing is missing before it."""
    project_id = frame["stream"].removeprefix("project:")
    data = frame["payload"]["data"]
    if frame["payload"]["action"] != "snapshot":
        assert frame["prev"] <= seen[project_id][-1] < frame["sequence"]
    project = data["primary"] if frame["payload"]["entity"] == "project" else data["cascade"]["projects"][0]
    seen.setdefault(project_id, []).append(frame["sequence"])
    positions[frame["stream"]] = f"{frame['epoch']}:{frame['sequence']}"
    totals[project_id] = max(totals.get(project_id, 0), project["total_tasks"])


async def test_a_place_that_is_gone_is_410(worker: TinyWorker, start_edge: StartEdge) -> None:
    """Out of the ring, or of another epoch: the streams are named, and a call without places goes on."""
    edge = await start_edge(limits={"ring_frames": 2, "behind_ms": 300})
    first = await worker.add_task("p", "t")
    last = [await worker.add_task("p", f"t{number}") for number in range(5)][-1]
    await until_read(edge, last)
    async with edge.client() as http:
        for since in (f"e1:{first}", f"old:{last}"):
            gone = await http.get(CHANGES, params={"stream": "project:p", "since": since})
            assert (gone.status_code, gone.json()["code"], gone.json()["errors"]) == (410, "unrecoverable-position", ["project:p"])
        whole = (await http.get(CHANGES, params={"stream": "project:p"})).json()
        assert [frame["payload"]["action"] for frame in whole] == ["snapshot"]
        assert whole[0]["sequence"] == last
        ahead = await http.get(CHANGES, params={"stream": "project:p", "since": f"e1:{last + 1}"})
        assert (ahead.status_code, ahead.json()["code"]) == (503, "position-not-reached")


async def test_nobody_polls_what_is_not_theirs(worker: TinyWorker, edge: RunningEdge) -> None:
    """Foreign and unknown streams are 404 and named; `project:*` is what the token says; without a token nothing."""
    await worker.add_task("mine", "t")
    await worker.add_task("theirs", "t")
    async with edge.client(user="x") as everyone, edge.client(projects=("mine",)) as http:
        await place_of(everyone, "theirs", 1)
        await place_of(everyone, "mine", 1)
        for stream in ("project:theirs", "project:nowhere"):
            refused = await http.get(CHANGES, params={"stream": stream})
            assert (refused.status_code, refused.json()["errors"]) == (404, [stream])
        frames = (await http.get(CHANGES, params={"stream": "project:*"})).json()
        assert {frame["stream"] for frame in frames} == {"project:mine"}
        assert (await http.get(CHANGES, params={"stream": "mine"})).json()["code"] == "invalid-request"
        assert (await http.get(CHANGES)).json()["code"] == "invalid-request"
        assert (await http.get(CHANGES, params={"stream": "project:*"}, headers={"Authorization": ""})).status_code == 401


async def test_waiting_calls_are_counted_and_end_with_the_edge(worker: TinyWorker, start_edge: StartEdge) -> None:
    """So many per user; one whose caller went away counts no more; a restart is said at once."""
    edge = await start_edge(limits={"connections_per_user": 1})
    last = await worker.add_task("p", "t")
    await until_read(edge, last)
    asked = {"stream": "project:p", "since": f"e1:{last}"}
    async with edge.client() as http:
        waiting = asyncio.create_task(http.get(CHANGES, params=asked))
        while (refused := await http.get(CHANGES, params={**asked, "wait": 0})).status_code == 204:
            pass
        assert (refused.status_code, refused.json()["code"]) == (429, "connections")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        while (await http.get(CHANGES, params={**asked, "wait": 0})).status_code == 429:  # noqa: ASYNC110  because it is another's
            await asyncio.sleep(0.02)
        waiting = asyncio.create_task(http.get(CHANGES, params=asked))
        while (await http.get(CHANGES, params={**asked, "wait": 0})).status_code != 429:
            pass
        edge.stop.set()
        assert (await waiting).json()["code"] == "restart"


async def test_an_answer_is_too_late_only_for_itself(worker: TinyWorker, edge: RunningEdge) -> None:
    """A poll of a quiet stream is not answered by what happens elsewhere."""
    last = await worker.add_task("p", "t")
    await until_read(edge, last)
    async with edge.client() as http:
        asking = asyncio.create_task(http.get(CHANGES, params={"stream": "project:p", "since": f"e1:{last}", "wait": 0.5}))
        await worker.add_task("q", "t")
        assert (await asking).status_code == 204


async def test_who_polls_in_the_leeway_of_its_token_waits_as_others_do(worker: TinyWorker, edge: RunningEdge) -> None:
    """Else it would be answered at once, and ask again at once, until the leeway is over."""
    last = await worker.add_task("p", "t")
    await until_read(edge, last)
    headers = {"Authorization": f"Bearer {mint(SECRET, 'u', ['p'], -1)}"}
    async with httpx.AsyncClient(base_url=edge.url, headers=headers, trust_env=False, timeout=60) as http:
        began = time.monotonic()
        answer = await http.get(CHANGES, params={"stream": "project:p", "since": f"e1:{last}", "wait": 0.5})
        assert (answer.status_code, time.monotonic() - began >= 0.5) == (204, True)
