"""Whatever a caller sends: no call ends in a fault of ours, hangs, or tells of what is not the caller's."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
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
OF_AHEAD = [content_type_conformance, response_schema_conformance, status_code_conformance]
"""For a position that is not there yet: the one 503 that is the caller's doing, and only where one is named."""
EXAMPLES = 30
CHANGES = "POST /api/v2/changes"
NDJSON = "application/x-ndjson"
SENT = ("right", "wrong", "aimed", "aimed")
"""What is tried: what fits the description, what does not, and what fits this edge too; the last twice as often."""
NAMES: dict[str, Any] = {"project_id": "p", "branch_id": "p-main", "session_id": "s", "view": "tasks", "stream": ["project:p"], "q": "Task"}
"""What an aimed call names. Other texts that may be left out are: they would be conditions, columns, positions of nothing."""
schemathesis.serializer.alias(NDJSON, "text/plain")


class Calls:
    """Calls every operation of a description, and notes which status codes each of them came to."""

    def __init__(self, url: str, token: str, codes: list[str]) -> None:
        self._url = url
        self._token = token
        self._codes = codes
        self.reached: dict[str, Counter[int]] = {}

    def call_all(self, document: dict[str, Any]) -> None:
        """Call them with what fits and what does not."""
        schema = schemathesis.openapi.from_dict(document | {"servers": [{"url": self._url}]})
        schema.config.update(base_url=self._url)
        for result in schema.get_all_operations():
            assert isinstance(result, Ok), result
            operation = result.ok()
            self._call(operation, self._aimed)
            if operation.label == CHANGES:
                self._call(operation, lambda case: _as_lines(self._aimed(case)))

    def _call(self, operation: Any, aim: Callable[[Any], Any]) -> None:  # noqa: ANN401  schemathesis' own
        right = operation.as_strategy()
        wrong = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
        kinds = {"right": right, "wrong": wrong, "aimed": right.map(aim)}

        @given(case=st.sampled_from(SENT).flatmap(kinds.__getitem__))
        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def call(case: Any) -> None:  # noqa: ANN401  schemathesis' own
            answer = case.call(
                headers={"Authorization": f"Bearer {self._token}"}, params={"wait": "0"} if "/changes" in case.path else None, timeout=20
            )
            name = f"{operation.label} {NDJSON}" if case.media_type == NDJSON else operation.label
            self.reached.setdefault(name, Counter())[answer.status_code] += 1
            assert "secret" not in answer.text
            case.validate_response(answer, checks=OF_AHEAD if _is_ahead(case, answer) else CHECKS)

        call()

    def _aimed(self, case: Any) -> Any:  # noqa: ANN401  schemathesis' own
        """Return a case that names what is there, in other respects as it was drawn."""
        case.path_parameters = {name: NAMES[name] for name in case.path_parameters}
        case.query = {name: NAMES.get(name, value) for name, value in case.query.items() if name in {"stream", "q", "limit", "wait"}}
        if case.operation.label == CHANGES:
            drawn = case.body if isinstance(case.body, list) else [case.body]
            changes = [_aimed_change(change if isinstance(change, dict) else {}) for change in drawn]
            case.media_type, case.body = "application/json", changes if isinstance(case.body, list) else changes[0]
        elif case.path == "/api/v2/login":
            case.body = {"code": self._codes.pop() if self._codes else "used"}
        elif isinstance(case.body, dict):
            case.body = {name: value for name, value in case.body.items() if isinstance(value, bool)}
        return case


def _is_ahead(case: Any, answer: Any) -> bool:  # noqa: ANN401  schemathesis' own
    """Whether a call named a position and was told that it is not reached yet, and to come again."""
    named = "min_position" in (case.body if isinstance(case.body, dict) else case.query)
    return named and answer.status_code == 503 and answer.json()["code"] == "position-not-reached" and "retry-after" in answer.headers


def _as_lines(case: Any) -> Any:  # noqa: ANN401  schemathesis' own
    """Return a case of changes with one of them a line."""
    changes = case.body if isinstance(case.body, list) else [case.body]
    case.media_type, case.body = NDJSON, "\n".join(json.dumps(change) for change in changes)
    return case


def _aimed_change(drawn: dict[str, Any]) -> dict[str, Any]:
    """Return a change of a project that the caller may write to, of a row that has a name."""
    entity = drawn.get("entity", "task")
    kept = {"action": "update", "data": {"title": "T"}} | {
        name: value for name, value in drawn.items() if name in {"action", "data", "source"}
    }
    return kept | {
        "entity": entity,
        "project_id": "p",
        "entity_id": "p" if entity == "project" else "t9",
        "branch_id": "b",
        "task_id": "t1",
    }


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # the edge draws in the same process, beside the examples
async def test_no_call_is_a_fault_of_ours(worker: TinyWorker, start_edge: StartEdge) -> None:
    """As a caller who may read one of two projects: right and wrong calls of every operation that is described, and each succeeds too."""
    waits = {"poll_wait_s": 0.05, "position_wait_s": 0.05, "ack_timeout_s": 5.0, "decision_wait_s": 0.05}
    edge = await start_edge(docs=True, http=waits, receipts={"wait_s": 0.05})
    await worker.log("p", "s", "create", "t1", title="T")
    await worker.add_task("p", "t1")
    await until_read(edge, await worker.member("p", "u", "owner"))
    await until_read(edge, await worker.add_task("other", "t-secret"))
    async with edge.client() as http:
        document = (await http.get("/openapi.json")).json()
    async with httpx.AsyncClient(trust_env=False) as private:
        codes = [
            (await private.post(f"{edge.private_url}/login-codes", json={"user": "u", "projects": [], "ttl_s": 60})).json()["code"]
            for _ in range(2 * EXAMPLES)
        ]
        calls = Calls(edge.url, mint(SECRET, "u", ("mine",), 3600), codes)
        await asyncio.to_thread(calls.call_all, document)
        assert (await private.get(f"{edge.private_url}/readyz")).status_code == 200
    told = "\n".join(f"{name}: {dict(sorted(found.items()))}" for name, found in sorted(calls.reached.items()))
    operations = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert set(calls.reached) == operations | {f"{CHANGES} {NDJSON}"}, told
    assert [name for name, found in calls.reached.items() if not any(200 <= status < 300 for status in found)] == [], told
    assert min(calls.reached[name][202] for name in (CHANGES, f"{CHANGES} {NDJSON}")) >= EXAMPLES // 6, told


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
