"""Whatever a caller sends: no call ends in a fault of ours, hangs, or tells of what is not the caller's."""

import asyncio
import json
import re
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from websockets.exceptions import ConnectionClosed

from api.auth import mint
from tests.integration.api.harness import PATIENCE_S, SECRET, StartEdge, TinyWorker, until_read

CHECKS = [schemathesis.checks.not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
EXAMPLES = 30


def call_all(url: str, document: dict[str, Any], token: str) -> int:
    """Call every operation of a description with what fits it and what does not; returns how many operations there were."""
    document = document | {"servers": [{"url": url}]}
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    count = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        count += 1
        strategy = st.one_of(operation.as_strategy(), operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))

        @given(case=strategy)
        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def call(case: Any) -> None:  # noqa: ANN401  schemathesis' own
            answer = case.call(
                headers={"Authorization": f"Bearer {token}"}, params={"wait": "0"} if "/changes" in case.path else None, timeout=PATIENCE_S
            )
            assert "secret" not in answer.text
            case.validate_response(answer, checks=CHECKS)

        call()
    return count


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # the edge draws in the same process, beside the examples
async def test_no_call_is_a_fault_of_ours(worker: TinyWorker, start_edge: StartEdge) -> None:
    """As a caller who may read one of two projects: right and wrong calls of every operation that is described."""
    waits = {"poll_wait_s": 0.05, "position_wait_s": 0.05, "ack_timeout_s": 5.0}
    edge = await start_edge(docs=True, http=waits, receipts={"wait_s": 0.05})
    await worker.add_task("p", "t1")
    await until_read(edge, await worker.member("p", "u", "owner"))
    await until_read(edge, await worker.add_task("other", "t-secret"))
    async with edge.client() as http:
        document = (await http.get("/openapi.json")).json()
    count = await asyncio.to_thread(call_all, edge.url, document, mint(SECRET, "u", ("mine",), 3600))
    assert count == sum(len(path) for path in document["paths"].values())
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as private:
        assert (await private.get(f"{edge.private_url}/readyz")).status_code == 200


def mutated(random: Random, text: str) -> str | bytes:
    """Return a frame with something wrong in it, or as it is."""
    match random.randrange(6):
        case 0:
            return text
        case 1:
            return text[: random.randrange(len(text))]
        case 2:
            place = random.randrange(len(text))
            return text[:place] + chr(random.choice([0, 0x7F, 0xE9, 0x1F600, 0x2028])) + text[place + 1 :]
        case 3:
            return text.replace('"p"', "[" * random.randrange(1, 2000))
        case 4:
            return random.randbytes(random.randrange(200))
        case _:
            return re.sub(r'"[a-z]+"', lambda found: random.choice(['"x"', "null", "1e999", "-1", "[]", found[0]]), text)


async def test_no_frame_is_a_fault_of_ours(worker: TinyWorker, start_edge: StartEdge) -> None:
    """A thousand frames, right and wrong, over real sockets: each ends in an answer or a code of the protocol, and nothing is left."""
    edge = await start_edge(limits={"messages_per_second": 100_000, "burst": 100_000})
    await until_read(edge, await worker.add_task("p", "t"))
    random = Random(20_261_125)
    frames = [
        '{"type":"sync","payload":{"action":"subscribe","data":{"streams":[{"stream":"project:*"},{"stream":"p","since":null}]}}}',
        '{"type":"sync","payload":{"action":"resume","data":{"streams":[{"stream":"p","since":{"epoch":"e1","sequence":1}}]}}}',
        '{"type":"update","id":"m","payload":{"entity":"task","action":"patch","data":{"primary":{"id":"t","project_id":"p"}}}}',
        '{"type":"heartbeat","payload":{"action":"ping","data":{}},"stream":"p"}',
    ]
    codes: Counter[int | None] = Counter()
    sent = 0
    while sent < 1000:
        async with edge.socket() as socket:
            with suppress(ConnectionClosed):
                for _ in range(random.randrange(1, 30)):
                    sent += 1
                    await socket.send(mutated(random, random.choice(frames)))
                await socket.send('{"type":"heartbeat","payload":{"action":"ping"}}')
                while json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))["payload"]["action"] != "pong":
                    pass
        codes[socket.close_code] += 1
    assert set(codes) <= {1000, 1003, 1007, 4400, 4401}
    async with edge.client() as http:
        while "websocket_connections_total 0.0" not in (await http.get(f"{edge.private_url}/metrics")).text:  # noqa: ASYNC110  no event
            await asyncio.sleep(0.02)
        assert (await http.get("/api/v2/projects/p/tasks")).status_code == 200
