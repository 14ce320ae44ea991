"""A few minutes of chaos in every run of the tests: the same rounds each time, one for each kind of fault. `make chaos` plays by chance."""

import os
from pathlib import Path

import pytest

from broker.prepare import prepare_jvm
from schemas.failure import Failure
from tests.chaos.cluster import Cluster
from tests.chaos.disks import why_none
from tests.chaos.faults import FAULTS
from tests.chaos.replay import AGAIN
from tests.chaos.rounds import Plan, plan_of, play, quiet

_ONE = (
    ("lose-worker", "kill-worker", "wrong-clock"),
    ("pause-worker", "spoil-store", "cut-rows"),
    ("storm", "kill-edge"),
    ("cut-worker", "cut-edge"),
    ("wide", "kill-broker"),
)
_FULL = (("fill-worker", "fill-broker"),)
_THREE = (("kill-leader", "lose-worker"), ("freeze-leader", "kill-two"))


@pytest.fixture
def _able() -> None:
    """Skip where no broker can run; with CI=true that is a failure."""
    try:
        prepare_jvm()
    except Failure as failure:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(failure))


async def _all(brokers: int, first: int, rounds: tuple[tuple[str, ...], ...], folder: Path) -> None:
    quiet()
    async with Cluster(folder / "kafka", brokers) as cluster:
        for seed, names in enumerate(rounds, first):
            again = AGAIN[seed % 3] if seed % 100 in {0, 2} else None
            plan = Plan(seed, tuple(FAULTS[name] for name in names), hot=seed % 2 == 0, per_second=200, again=again)
            here = folder / f"{seed}"
            here.mkdir()
            found = await play(cluster, plan, here)
            assert found.violations == [], plan
            assert found.records, plan
            assert found.frames, plan


@pytest.mark.usefixtures("_able")
@pytest.mark.timeout(560)
async def test_rounds_on_one_broker(tmp_path: Path) -> None:
    """Workers, edge, network and the broker fail; counts stay exact, clients see only what was true, nothing accepted is lost."""
    await _all(1, 100, _ONE, tmp_path)


@pytest.mark.usefixtures("_able")
@pytest.mark.timeout(560)
async def test_rounds_on_full_disks(tmp_path: Path) -> None:
    """The same when disks are full, where the machine gives small ones."""
    if (why := why_none()) is not None:
        pytest.skip(why)
    await _all(1, 105, _FULL, tmp_path)


@pytest.mark.usefixtures("_able")
@pytest.mark.timeout(560)
async def test_rounds_on_three_brokers(tmp_path: Path) -> None:
    """The same when leaders die or freeze, and when two of three are gone."""
    await _all(3, 300, _THREE, tmp_path)


def test_every_fault_is_played_by_some_seed() -> None:
    """No fault is written for nothing: chance finds each, and the rounds above name faults that exist."""
    played = {fault.name for seed in range(400) for fault in plan_of(seed).faults}
    assert played == {name for name, fault in FAULTS.items() if fault.needs() is None}
    assert {name for names in (*_ONE, *_FULL, *_THREE) for name in names} <= set(FAULTS)
