"""What clients get that are cut off all the time: every 15 s for 2 s, 1 000 of them, for three minutes.

`python -m benchmarks.drops [--json] [--quick] [--clients N] [--seconds N]`. Ten projects change, 20 times a second between them. Each
client keeps its place and resumes; delivered is the share of clients that lost nothing, got nothing twice and came to the end. While
they are away (2 of every 15 s) nothing is sent to them; what they missed comes by replay. There is no peer: nothing else here resumes.
"""

import argparse
import asyncio
from typing import Final

from benchmarks.broadcast import Load, Scene, ours, publish
from benchmarks.harness.asking import asked
from benchmarks.harness.message import message
from benchmarks.harness.report import NO_PEER, Claim, claim_of, show
from benchmarks.harness.rooms import SECRET, crowd
from benchmarks.harness.stage import fresh_topics, producing, stage
from broker.partitioner import partition_for
from schemas.topics import CASCADES

PARTITIONS: Final = 4
LOAD: Final = Load(20, 10)
CUT_FOR_S: Final = 2.0


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run it once; return the claim. Raises if a frame was lost or came twice."""
    async with stage() as (kafka, folder):
        topics = await fresh_topics(kafka, "drops-")
        topic = topics.topic(CASCADES)
        async with producing(topics) as producer, ours(Scene(topics, folder)) as port:
            for number in range(LOAD.projects):
                name = f"p{number}"
                await producer.send(topic, message(name, 0), key=name.encode(), partition=partition_for(name, PARTITIONS))
            await producer.flush()
            await asyncio.sleep(1)
            streams = [f"project:p{number}" for number in range(LOAD.projects)]
            cuts = {"cut_every_s": options.cut_every, "cut_for_s": CUT_FOR_S}
            async with crowd(port, options.clients, "follow", SECRET, streams=streams, **cuts) as clients:
                await clients.line()
                await publish(producer, topic, LOAD, options.seconds)
                found = await clients.tell()
    if found["lost"] or found["doubled"]:
        raise AssertionError(f"lost or doubled: {found}")
    delivered = 100 * (found["clients"] - found["behind"]) / found["clients"]
    what = f"clients cut every {options.cut_every:g} s for {CUT_FOR_S:g} s, {options.clients} clients: brought to the end without a gap"
    return [claim_of("drops", what, "%", [delivered], NO_PEER, vars(options) | found)]


if __name__ == "__main__":
    show(asyncio.run(run(asked(clients=(1000, 30), seconds=(180.0, 8.0), cut_every=(15.0, 4.0)))))
