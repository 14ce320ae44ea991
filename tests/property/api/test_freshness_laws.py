"""The law of freshness: clients are told within five seconds that what they see is old, and never when it is not."""

from hypothesis import given
from hypothesis import strategies as st

from api.protocol.freshness import fresh
from api.settings import TailSettings

SETTINGS = TailSettings()
PROBE_TIMEOUT_S = 1.0
TOLD_S = 5.0
ROUNDING_S = 1e-6
MOMENTS = st.floats(0.0, 10.0)
STEPS = st.lists(st.floats(0.001, 0.4), min_size=40, max_size=40)


class Edge:
    """An edge in virtual time: records come at some times into two partitions, and are shown a little later, up to a fault."""

    def __init__(self, times: list[float], delay_s: float) -> None:
        self.times = times
        self.delay_s = delay_s
        self.freshness = fresh(SETTINGS.stale_after_s, 0.0)
        self.now = 0.0
        self.told: list[tuple[float, str | None]] = []
        self.known: list[float] = []

    def ends(self) -> dict[int, int]:
        """Return how many records each partition has: they come in turn."""
        count = sum(time <= self.now for time in self.times)
        return {0: (count + 1) // 2, 1: count // 2}

    def applied(self, stopped_s: float) -> dict[int, int]:
        """Return how many are shown, partition 1 as of when it stopped."""
        now = self.now - self.delay_s
        count, stopped = (sum(time <= until for time in self.times) for until in (now, min(now, stopped_s)))
        return {0: (count + 1) // 2, 1: stopped // 2}

    def run(self, answers: list[float], *, cut_s: float = 1e9, stopped_s: float = 1e9) -> None:
        """Probe again and again; each answer takes its time, up to a cut, after which each probe takes all it may."""
        for takes in answers:
            self.now += SETTINGS.probe_s
            if self.now + takes > cut_s:
                self.now += PROBE_TIMEOUT_S
            else:
                self.now += takes
                self.freshness.answer(self.ends(), self.applied(stopped_s), self.now)
            self.told.append((self.now, self.freshness.reason(self.now)))
            old = self.freshness.old(self.now)
            self.known += [] if old is None else [self.now - old.age_s]


def arrivals(steps: list[float]) -> list[float]:
    """Return the times at which records come."""
    times = [0.0]
    for step in steps * 10:
        times.append(times[-1] + step)
    return times


@given(STEPS, st.floats(0.0, 0.9), st.lists(st.floats(0.0, 0.9), min_size=20, max_size=20))
def test_nobody_is_alarmed_while_all_is_well(steps: list[float], delay_s: float, answers: list[float]) -> None:
    """However often records come, and however long the broker takes to answer within a second."""
    edge = Edge(arrivals(steps), delay_s)
    edge.run(answers)
    assert {reason for _, reason in edge.told} == {None}


@given(STEPS, MOMENTS, st.lists(st.floats(0.0, 0.9), min_size=20, max_size=20))
def test_a_broker_that_is_gone_is_told_within_five_seconds(steps: list[float], cut_s: float, answers: list[float]) -> None:
    """At whatever moment it goes."""
    edge = Edge(arrivals(steps), 0.01)
    edge.run(answers, cut_s=cut_s)
    first = next(time for time, reason in edge.told if reason == "broker")
    assert first - cut_s <= TOLD_S
    assert max(edge.known) <= cut_s + ROUNDING_S


@given(st.floats(0.001, 0.2), MOMENTS, st.lists(st.floats(0.0, 0.9), min_size=20, max_size=20))
def test_a_partition_that_stands_still_is_told_within_five_seconds(pace_s: float, stopped_s: float, answers: list[float]) -> None:
    """From the first record on that is not shown."""
    edge = Edge([pace_s * number for number in range(int(25 / pace_s))], 0.01)
    edge.run(answers, stopped_s=stopped_s)
    missed_s = next(time for number, time in enumerate(edge.times) if time > stopped_s and number % 2)
    first = next(time for time, reason in edge.told if reason == "lag")
    assert first - missed_s <= TOLD_S
    assert max(edge.known) <= missed_s + ROUNDING_S
