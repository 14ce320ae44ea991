"""A few minutes of chaos in every run of the tests: the same rounds each time, one for each kind of fault. `make chaos` plays by chance."""

from pathlib import Path

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.disks import why_none
from tests.chaos.faults import FAULTS
from tests.chaos.replay import AGAIN
from tests.chaos.rounds import Plan, plan_of, play, quiet

_ONE = (
    ("lose-worker", "kill-worker", "wrong-clock"),
    ("pause-worker", "spoil-store"),
    ("storm", "kill-edge"),
    ("cut-worker", "cut-edge"),
    ("wide", "kill-broker"),
    ("cut-rows", "fill-worker", "fill-broker"),
)
_THREE = (("kill-leader", "lose-worker"), ("freeze-leader", "kill-two"))


async def _all(brokers: int, rounds: tuple[tuple[str, ...], ...], folder: Path) -> None:
    quiet()
    async with Cluster(folder / "kafka", brokers) as cluster:
        for seed, names in enumerate(rounds, 100 * brokers):
            again = AGAIN[seed % 3] if seed % 100 in {0, 2} else None
            plan = Plan(
                seed, tuple(FAULTS[name] for name in names if FAULTS[name].needs() is None), hot=seed % 2 == 0, per_second=200, again=again
            )
            here = folder / f"{seed}"
            here.mkdir()
            found = await play(cluster, plan, here)
            assert found.violations == [], plan
            assert found.records, plan
            assert found.frames, plan


@pytest.mark.usefixtures("kafka")  # skips where no broker can run
@pytest.mark.timeout(400)
async def test_rounds_on_one_broker(tmp_path: Path) -> None:
    """Workers, edge, network, disks and the broker fail; counts stay exact, clients see only what was true, nothing accepted is lost."""
    await _all(1, _ONE, tmp_path)


@pytest.mark.usefixtures("kafka")
@pytest.mark.timeout(400)
async def test_rounds_on_three_brokers(tmp_path: Path) -> None:
    """The same when leaders die or freeze, and when two of three are gone."""
    await _all(3, _THREE, tmp_path)


def test_every_fault_is_played_by_some_seed() -> None:
    """No fault is written for nothing: chance finds each, and the rounds above name faults that exist."""
    played = {fault.name for seed in range(400) for fault in plan_of(seed).faults}
    assert played == {name for name, fault in FAULTS.items() if fault.needs() is None}
    assert {name for names in (*_ONE, *_THREE) for name in names} <= set(FAULTS)


def test_full_disks_are_among_them() -> None:
    """Says why not, where the machine gives no small disk."""
    if (why := why_none()) is not None:
        pytest.skip(why)
    assert {fault.name for fault in FAULTS.values() if fault.needs is why_none} <= {
        fault.name for seed in range(400) for fault in plan_of(seed).faults
    }
