"""What can go wrong, by name. Each fault is done to a running world and leaves the mending to `World.heal`."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from schemas.topics import TASK_CHANGES, TASK_STATE
from tests.chaos import disks
from tests.chaos.cluster import Broker
from tests.chaos.events import wide_branch
from tests.chaos.load import PARTITIONS
from tests.chaos.processes import WorkerRun
from tests.chaos.proxy import State
from tests.chaos.world import World
from tests.integration.streams.topic_log import cut_off

Act = Callable[[World, random.Random], Awaitable[None]]
_OVER_SESSION_S: Final = 7.5
_MIB: Final = 2**20


@dataclass(frozen=True)
class Fault:
    """rows: numbers in the fault matrix. brokers, workers: how many it needs. doors: whether it shuts doors.

    needs: returns why the machine cannot do it, None if it can.
    """

    name: str
    rows: tuple[int, ...]
    act: Act
    brokers: int = 1
    workers: int = 1
    doors: bool = False
    needs: Callable[[], str | None] = lambda: None


async def kill_worker(world: World, dice: random.Random) -> None:
    """Kill workers by -9 at random moments; each finds its disk as it was."""
    for _ in range(3):
        await asyncio.sleep(dice.uniform(0.1, 1.5))
        dice.choice(world.workers).tell(signal.SIGKILL)


async def lose_worker(world: World, dice: random.Random) -> None:
    """Kill a worker by -9 and delete its store."""
    for _ in range(2):
        await asyncio.sleep(dice.uniform(0.1, 1.5))
        worker = dice.choice(world.workers)
        await worker.stop(signal.SIGKILL)
        worker.lose_disk()
        worker.keep()


async def pause_worker(world: World, dice: random.Random) -> None:
    """Stop a worker in the middle of its work for longer than its session, while another takes over; then let it go on."""
    worker = dice.choice(world.workers)
    worker.tell(signal.SIGSTOP)
    await asyncio.sleep(_OVER_SESSION_S + dice.random())
    worker.tell(signal.SIGCONT)
    await asyncio.sleep(1)


async def cut_worker(world: World, dice: random.Random) -> None:
    """Part a worker from the broker: refuse its connections, or let what one side says vanish."""
    states: tuple[State, ...] = ("cut", "deaf", "mute")
    state = dice.choice(states)
    for proxy in world.cluster.doors("worker"):
        proxy.become(state)
    await asyncio.sleep(dice.choice((1.0, _OVER_SESSION_S)))


async def slow_network(world: World, dice: random.Random) -> None:
    """Let every piece between workers, edge and broker take its time."""
    for door in ("worker", "edge"):
        for proxy in world.cluster.doors(door):
            proxy.delay_ms = dice.choice((5, 40, 150))
    await asyncio.sleep(3)


async def cut_edge(world: World, dice: random.Random) -> None:
    """Part the edge from the broker for long enough that it must say so to its clients."""
    states: tuple[State, ...] = ("cut", "mute")
    for proxy in world.cluster.doors("edge"):
        proxy.become(dice.choice(states))
    await asyncio.sleep(dice.uniform(2, 6))


async def kill_edge(world: World, dice: random.Random) -> None:
    """End the edge, politely or not."""
    await asyncio.sleep(dice.uniform(0.2, 1))
    world.edge.tell(dice.choice((signal.SIGKILL, signal.SIGTERM)))
    await asyncio.sleep(1)


async def storm(world: World, dice: random.Random) -> None:
    """Let a worker come and go every second or two: a rebalance each time."""
    for _ in range(4):
        worker = world.add_worker()
        await asyncio.sleep(dice.uniform(1.0, 2.0))
        await worker.stop(dice.choice((signal.SIGTERM, signal.SIGKILL)))
        world.workers.remove(worker)
        await asyncio.sleep(dice.uniform(0.2, 1.0))


async def wide(world: World, dice: random.Random) -> None:
    """Make a branch of very many tasks, delete it, change one below, revive it; and kill the worker meanwhile."""
    sending = asyncio.create_task(world.load.send(list(wide_branch("wide", dice.choice((1_000, 4_000))))))
    await asyncio.sleep(dice.uniform(0.2, 2.0))
    world.workers[0].tell(signal.SIGKILL)
    await sending


async def wrong_clock(world: World, dice: random.Random) -> None:
    """Send from a clock two hours ahead: the broker refuses. Others are wrong by up to a day: their order is the log's."""
    await asyncio.sleep(dice.random())
    if not await world.load.refuses_the_future():
        world.notes.append("row 12: a record from two hours ahead was taken")


async def pause_broker(world: World, dice: random.Random) -> None:
    """Freeze the only broker for longer than the sessions."""
    world.cluster.brokers[0].tell(signal.SIGSTOP)
    await asyncio.sleep(dice.uniform(3.5, 8))
    world.cluster.brokers[0].tell(signal.SIGCONT)


async def kill_broker(world: World, dice: random.Random) -> None:
    """Kill the only broker by -9 and start it again."""
    await _bounce(world, world.cluster.brokers[0], dice.uniform(0.2, 2))


async def kill_leader(world: World, dice: random.Random) -> None:
    """Kill the broker that leads changes, the one that leads the rows, or the one that coordinates the group."""
    which = dice.choice((TASK_CHANGES, TASK_STATE, ""))
    if which:
        broker = await world.cluster.leader(world.kafka.topic(which), dice.randrange(PARTITIONS))
    else:
        broker = await world.cluster.coordinator(world.kafka.topic("anabranch"))
    await _bounce(world, broker, dice.uniform(2, 5))


async def freeze_leader(world: World, dice: random.Random) -> None:
    """Freeze a leader until another leads; then it wakes up."""
    broker = await world.cluster.leader(world.kafka.topic(TASK_STATE), dice.randrange(PARTITIONS))
    broker.tell(signal.SIGSTOP)
    await asyncio.sleep(dice.uniform(6, 9))
    broker.tell(signal.SIGCONT)


async def kill_two(world: World, dice: random.Random) -> None:
    """Kill two of three brokers: nothing may be accepted; then both come back."""
    two = dice.sample(world.cluster.brokers, 2)
    await asyncio.gather(*(broker.kill() for broker in two))
    await asyncio.sleep(dice.uniform(3, 5))
    await asyncio.gather(*(world.cluster.start(broker) for broker in two))


async def spoil_store(world: World, dice: random.Random) -> None:
    """Flip bytes in a store, or cut its manifest, while its worker is away."""
    worker = dice.choice(world.workers)
    await worker.stop(dice.choice((signal.SIGTERM, signal.SIGKILL)))
    _spoil(worker, dice)
    worker.keep()
    await asyncio.sleep(1)


def _spoil(worker: WorkerRun, dice: random.Random) -> None:
    pattern = dice.choice(("*.sst", "*.sst", "MANIFEST*", "CURRENT"))
    for file in worker.directory.glob(f"partition-*/{pattern}"):
        data = bytearray(file.read_bytes())
        if pattern == "MANIFEST*":
            del data[len(data) // 2 :]
        else:
            begin = dice.randrange(max(1, len(data) - 64))
            data[begin : begin + 64] = bytes(byte ^ 0xFF for byte in data[begin : begin + 64])
        file.write_bytes(data)


async def fill_worker(world: World, dice: random.Random) -> None:
    """Let a worker's disk be full while it works, ends and starts."""
    worker = dice.choice(world.workers)
    await worker.stop()
    disk = await worker.move_to(dice.choice((2, 6)) * _MIB)
    worker.keep()
    await asyncio.sleep(dice.uniform(1, 3))
    disk.fill()
    await asyncio.sleep(dice.uniform(0.5, 2))
    worker.tell(dice.choice((signal.SIGTERM, signal.SIGKILL)))
    await asyncio.sleep(dice.uniform(1, 3))


async def fill_broker(world: World, dice: random.Random) -> None:
    """Let a broker's disk be full: it ends itself, and confirms nothing that it could not write."""
    broker = dice.choice(world.cluster.brokers)
    await broker.kill()
    disk = await broker.move_to(24 * _MIB)
    await world.cluster.start(broker)
    await world.cluster.until_whole()
    await asyncio.sleep(dice.uniform(0.5, 1.5))
    disk.fill()
    await asyncio.sleep(dice.uniform(2, 5))
    await broker.kill()


async def cut_rows(world: World, dice: random.Random) -> None:
    """Let Kafka delete the older half of all rows; then every worker comes back, some without a store."""
    await asyncio.gather(*(worker.stop(dice.choice((signal.SIGTERM, signal.SIGKILL))) for worker in world.workers))
    await cut_off(world.kafka, TASK_STATE)
    for worker in world.workers:
        if dice.random() < 0.5:
            worker.lose_disk()
        worker.keep()
    await asyncio.sleep(1)


async def _bounce(world: World, broker: Broker, away_s: float) -> None:
    await broker.kill()
    await asyncio.sleep(away_s)
    await world.cluster.start(broker)


FAULTS: Final = {
    fault.name: fault
    for fault in (
        Fault("kill-worker", (1,), kill_worker),
        Fault("lose-worker", (2,), lose_worker),
        Fault("pause-worker", (6,), pause_worker, workers=2),
        Fault("cut-worker", (7,), cut_worker, workers=2, doors=True),
        Fault("slow-network", (7, 8), slow_network, doors=True),
        Fault("cut-edge", (8,), cut_edge, doors=True),
        Fault("kill-edge", (17,), kill_edge),
        Fault("storm", (13,), storm),
        Fault("wide", (20, 25), wide),
        Fault("wrong-clock", (12,), wrong_clock),
        Fault("spoil-store", (16,), spoil_store),
        Fault("fill-worker", (15,), fill_worker, needs=disks.why_none),
        Fault("fill-broker", (14,), fill_broker, needs=disks.why_none),
        Fault("cut-rows", (23,), cut_rows),
        Fault("pause-broker", (5,), pause_broker),
        Fault("kill-broker", (3,), kill_broker),
        Fault("kill-leader", (3,), kill_leader, brokers=3, workers=2),
        Fault("kill-two", (4,), kill_two, brokers=3),
        Fault("freeze-leader", (5,), freeze_leader, brokers=3),
        Fault("fill-one-of-three", (14,), fill_broker, brokers=3, needs=disks.why_none),
    )
}
