"""Rounds of chaos: `python -m tests.chaos.rounds --seconds N [--seed S]`, called by `make chaos`. Pure luck, repeatable by its seed.

The last line says how many rounds there were and how many violations. A round's folder is kept when it found any.
"""

import argparse
import asyncio
import logging
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
import uvloop

from tests.chaos.checker import Findings
from tests.chaos.cluster import Cluster
from tests.chaos.events import Events
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.replay import AGAIN
from tests.chaos.world import Again, Shape, World

_CALM_S: Final = 1.0


@dataclass(frozen=True)
class Plan:
    """One round: its seed and what its seed chose. again: how the log is played once more at the end."""

    seed: int
    faults: tuple[Fault, ...]
    hot: bool
    per_second: int
    again: Again | None = None

    @property
    def brokers(self) -> int:
        """How many brokers it needs."""
        return max(fault.brokers for fault in self.faults)

    @property
    def shape(self) -> Shape:
        """What else it needs."""
        return Shape(max(fault.workers for fault in self.faults), any(fault.doors for fault in self.faults))

    def __str__(self) -> str:
        names = " + ".join(fault.name for fault in self.faults)
        more = [f"{self.brokers} brokers", f"{self.shape.workers} workers", *(["hot"] if self.hot else [])]
        more += [(self.again.__doc__ or "").lower().rstrip(".")] if self.again else []
        return f"seed {self.seed}: {names}; {', '.join(more)}"


def plan_of(seed: int, brokers: Sequence[int] = (1, 1, 1, 3)) -> Plan:
    """Return the round that a seed stands for."""
    dice = random.Random(seed)
    size = dice.choice(brokers)
    can = {name: fault for name, fault in FAULTS.items() if fault.needs() is None}
    names = [name for name, fault in can.items() if fault.brokers == size or (fault.brokers == 1 and size == 1)]
    first = FAULTS[dice.choice(names)]
    others = [fault for fault in can.values() if fault.brokers == 1 and "broker" not in fault.name]
    more = dice.sample(others, dice.choice((0, 1, 2)))
    return Plan(seed, (first, *more), dice.random() < 0.25, dice.choice((150, 400, 800)), dice.choice((None, None, *AGAIN)))


async def play(cluster: Cluster, plan: Plan, folder: Path) -> Findings:
    """Play one round and return what it found."""
    dice = random.Random(plan.seed)
    world = World(cluster, folder, f"r{plan.seed}-{int(time.time()) % 100_000}-", Events(plan.seed, hot=plan.hot), plan.shape)
    try:
        await world.start(plan.per_second)
        await asyncio.sleep(_CALM_S)
        for fault in plan.faults:
            await fault.act(world, dice)
            await world.heal()
            await asyncio.sleep(_CALM_S)
        return await world.judge(plan.again)
    finally:
        await world.stop()


class Clusters:
    """Clusters by size, started when a round first needs them."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._running: dict[int, Cluster] = {}

    async def of(self, brokers: int) -> Cluster:
        """Return a running cluster; another size that ran is ended, this machine has few cores. One with a small disk is not used again."""
        if brokers not in self._running or self._running[brokers].cramped:
            await self._stack.aclose()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._running = {brokers: await self._stack.enter_async_context(Cluster(self._folder, brokers))}
        return self._running[brokers]


async def rounds(seconds: float, first_seed: int, folder: Path) -> int:
    """Play rounds for some time; returns how many violations there were."""
    deadline, number, violations = time.monotonic() + seconds, 0, 0
    async with AsyncExitStack() as stack:
        clusters = Clusters(folder / "kafka", stack)
        while number == 0 or time.monotonic() < deadline:
            plan = plan_of(first_seed + number)
            print(plan, flush=True)
            here = folder / f"seed-{plan.seed}"
            here.mkdir(parents=True)
            began = time.monotonic()
            try:
                found = await play(await clusters.of(plan.brokers), plan, here)
            except (AssertionError, TimeoutError) as error:
                found = Findings([f"round: {type(error).__name__} {error}"])
            number += 1
            violations += len(found.violations)
            print(f"  {len(found.records)} events, {found.frames} frames, {time.monotonic() - began:.0f} s", flush=True)
            for violation in found.violations:
                print(f"  VIOLATION {violation}", flush=True)
            if found.violations:
                print(f"  its files: {here}; again: make chaos SEED={plan.seed} SECONDS_TOTAL=1", flush=True)
            else:
                shutil.rmtree(here)
    print(f"{number} rounds, {violations} violations", flush=True)
    return violations


def main() -> int:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    quiet()
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    folder = Path(tempfile.mkdtemp(prefix="anabranch-chaos-"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return 1 if runner.run(rounds(arguments.seconds, seed, folder)) else 0


def quiet() -> None:
    """Let the clients of the rounds themselves keep silent: brokers go away all the time here."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


if __name__ == "__main__":
    sys.exit(main())
