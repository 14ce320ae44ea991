"""What workers and edges say on their private ports. A part that does not answer is told as such, never waited for."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from broker.parts import Part

_TIMEOUT_S: Final = 3.0


@dataclass(frozen=True)
class Answer:
    """One part. health: what /healthz or /readyz said, None when nothing came. metrics: sums over labels, by name of the sample."""

    part: Part
    health: dict[str, Any] | None = None
    metrics: dict[str, float] = field(default_factory=dict)


async def ask_all(parts: Iterable[Part], elsewhere: Iterable[str]) -> list[Answer]:
    """Ask all parts at once; `elsewhere` are private addresses of others, whose kind their answer tells."""
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
        asked = [_ask(client, part) for part in parts]
        return await asyncio.gather(*asked, *(_ask_stranger(client, url.rstrip("/")) for url in elsewhere))


async def _ask_stranger(client: httpx.AsyncClient, url: str) -> Answer:
    answer = await _ask(client, Part(kind="worker", private_url=url, pid=0))
    if answer.health is not None and "kafka_up" not in answer.health:
        return await _ask(client, Part(kind="edge", private_url=url, pid=0))
    return answer


async def _ask(client: httpx.AsyncClient, part: Part) -> Answer:
    path = "/healthz" if part.kind == "worker" else "/readyz"
    try:
        health = (await client.get(part.private_url + path)).json()
        metrics = (await client.get(f"{part.private_url}/metrics")).text
    except (httpx.HTTPError, ValueError):
        return Answer(part)
    return Answer(part, health, sums(metrics))


def sums(text: str) -> dict[str, float]:
    """Return each sample's name with the sum over its labels."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found
