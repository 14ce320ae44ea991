"""Signed deliveries to the real command, into a real broker."""

import asyncio
import hashlib
import hmac
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from broker.connection import KafkaSettings
from connectors.webhook.app import bind, run
from tests.integration.connectors.outcome import Running, log, recount, running, traces

SECRET = "a-secret-of-many-characters"  # noqa: S105  because it must not come out, and the test looks for it
OPENED: dict[str, Any] = {
    "action": "opened",
    "issue": {"number": 1, "node_id": "I_1", "title": "T", "state": "open", "updated_at": "2026-02-03T04:05:06Z"},
    "repository": {"id": 7, "full_name": "octo/hello"},
    "sender": {"login": "ada", "type": "User"},
}
TIMEOUT_S = 60


class Sender:
    """Delivers as GitHub does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)

    async def deliver(self, name: str, payload: dict[str, Any], kind: str = "issues", **headers: str) -> httpx.Response:
        """Deliver a payload with its signature, or with the headers that are given."""
        body = json.dumps(payload).encode()
        right = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        fixed = {"content-type": "application/json", "x-github-delivery": name, "x-github-event": kind, "x-hub-signature-256": right}
        given = {**fixed, **{key.replace("_", "-"): value for key, value in headers.items()}}
        return await self.client.post(
            self.url, content=body, headers=[(key.encode(), value.encode("latin-1")) for key, value in given.items()]
        )


@asynccontextmanager
async def receiving(settings: KafkaSettings, data: Path) -> AsyncIterator[tuple[Running, Sender]]:
    """Run `anabranch webhook`."""
    async with running(settings, "webhook", "--port", "0", "--data", str(data), env={"ANABRANCH_WEBHOOK_SECRET": SECRET}) as run:
        assert run.process.stdout is not None
        sender = Sender(json.loads(await run.process.stdout.readline())["url"])
        try:
            yield run, sender
        finally:
            await sender.client.aclose()


async def test_a_delivery_counts_once_however_often_it_comes(topics: KafkaSettings, tmp_path: Path) -> None:
    """Again under its id, under another id (which is not signed), and after a restart."""
    async with receiving(topics, tmp_path) as (run, sender):
        first = await sender.deliver("d-1", OPENED)
        assert (first.status_code, first.json()) == (202, {"status": "taken", "events": 3})
        for name in ("d-1", "d-2"):
            assert (await sender.deliver(name, OPENED)).json()["status"] == "duplicate"
        closed = {**OPENED, "action": "closed", "issue": {**OPENED["issue"], "state": "closed", "state_reason": "completed"}}
        assert (await sender.deliver("d-3", closed)).json() == {"status": "taken", "events": 1}
        assert (await sender.deliver("d-4", {"zen": "x"}, "ping")).json() == {"status": "pong"}
        assert (await sender.deliver("d-5", {"action": "created"}, "star")).json()["status"] == "ignored"
        assert await run.end(signal.SIGTERM) == 0
    async with receiving(topics, tmp_path) as (run, sender):
        assert (await sender.deliver("d-9", OPENED)).json()["status"] == "duplicate"
        assert await run.end() == 0
    rows, outcomes = await recount(topics)
    assert rows["task", "github-7", "1"] == ("github-7:main", {"title": "T", "status": "done", "labels": [], "assignees": []})
    assert outcomes == {"applied": 4}
    assert {event.user_id for event in await log(topics)} == {"ada"}


async def test_a_trace_that_a_proxy_began_goes_on(topics: KafkaSettings, tmp_path: Path) -> None:
    """What is none does no harm."""
    trace = f"00-{7:032x}-{7:016x}-01"
    async with receiving(topics, tmp_path) as (run, sender):
        assert (await sender.deliver("d-1", OPENED, traceparent=trace)).status_code == 202
        another = {**OPENED, "issue": {**OPENED["issue"], "number": 2, "node_id": "I_2"}}
        assert (await sender.deliver("d-2", another, traceparent="nonsense")).status_code == 202
        assert await run.end(signal.SIGTERM) == 0
    found = await traces(topics)
    assert (found["1"], found["2"]) == ([("traceparent", trace)], [])


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=x", "sha256=ü"])
async def test_a_wrong_signature_is_refused_before_anything_is_read(topics: KafkaSettings, tmp_path: Path, signature: str) -> None:
    """As a problem; nothing is sent, nothing is remembered, and the secret is in no line of the log."""
    async with receiving(topics, tmp_path) as (run, sender):
        refused = await sender.deliver("d-1", OPENED, x_hub_signature_256=signature)
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
        assert refused.json()["code"] == "signature"
        assert (await sender.deliver("d-1", OPENED)).json()["status"] == "taken"
        await run.end()
        assert run.process.stdout is not None
        assert run.process.stderr is not None
        assert SECRET.encode() not in await run.process.stdout.read() + await run.process.stderr.read()


async def test_its_address_is_told_when_it_can_be_dialled(topics: KafkaSettings, tmp_path: Path) -> None:
    """Not a moment earlier: whoever reads it may deliver at once."""
    bound = bind("127.0.0.1", 0)
    dialled = asyncio.Event()

    def listening() -> None:
        socket.create_connection(bound.getsockname()).close()
        dialled.set()

    receiver = asyncio.create_task(run(bound, SecretStr(SECRET), topics, tmp_path, listening))
    told = asyncio.create_task(dialled.wait())
    await asyncio.wait([receiver, told], timeout=TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
    assert told.done(), receiver
    receiver.cancel()
    await asyncio.wait([receiver])


async def test_what_cannot_be_taken_is_a_problem(topics: KafkaSettings, tmp_path: Path) -> None:
    """Too large, another type, no JSON of this shape, no delivery id, something missing, another address."""
    async with receiving(topics, tmp_path) as (_, sender):
        wrong = [
            (await sender.deliver("d", {"x": "y" * 2_000_000}), 413, "too-large"),
            (await sender.deliver("d", OPENED, content_type="application/x-www-form-urlencoded"), 415, "media-type"),
            (await sender.deliver("", OPENED), 422, "invalid-request"),
            (await sender.deliver("d", {**OPENED, "issue": {}}), 422, "invalid-change"),
            (await sender.client.get(sender.url), 405, "method-not-allowed"),
            (await sender.client.get(sender.url + "/none"), 404, "not-found"),
        ]
        for answer, status, code in wrong:
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await sender.client.get(sender.url.replace("/github", "/healthz"))).json() == {"status": "ok"}
    assert await log(topics) == []


@pytest.mark.parametrize("secret", ["", "short"])
async def test_without_a_secret_it_does_not_start(topics: KafkaSettings, secret: str) -> None:
    """And says how to make one."""
    async with running(topics, "webhook", "--port", "0", env={"ANABRANCH_WEBHOOK_SECRET": secret}) as run:
        _, told = await run.process.communicate()
        assert run.process.returncode == 2
    assert "openssl rand" in json.loads(told)["error"]
