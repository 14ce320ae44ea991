"""The client rule of protocol 2.0, case by case. The client's own tests run the same file, so both read the protocol alike.

A case starts live at sequence 10 of epoch `e`. A step is a `frame`, a page of a `snapshot` or a heartbeat's `ping`, and says what
is shown (`apply`: sequences, a snapshot once), where the client stands, and what it asks the server for.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

CASES: Final = [json.loads(line) for line in (Path(__file__).parent / "client_rule.jsonl").read_text().splitlines()]
Step = dict[str, Any]


class Reader:
    """A client in as few words as the rule has."""

    def __init__(self) -> None:
        self.epoch, self.position, self.repair = "e", 10, ""
        self._head = 10
        self._group: list[int] = []
        self._pages: dict[int, set[int]] = {}
        self._held: dict[int, Step] = {}

    def take(self, step: Step) -> tuple[list[int], str | None]:
        """Return what is shown now and what is asked for."""
        if "ping" in step:
            return [], self._ping(step["ping"])
        shown = list(self._snapshot(step["snapshot"]) if "snapshot" in step else self._hold(step["frame"]))
        return shown, self._ask()

    def _ping(self, head: Step) -> str | None:
        if head.get("epoch", "e") != self.epoch:
            return self._want("snapshot")
        if not self.repair:
            self.position = self._head = max(self.position, head["sequence"])
        return None

    def _snapshot(self, page: Step) -> Iterator[int]:
        pages = self._pages.pop(page["sequence"], set()) | {page.get("part", 1)}
        self._pages = {page["sequence"]: pages}
        if len(pages) == page.get("parts", 1):
            self.epoch, self.repair, self._group, self._pages = page.get("epoch", "e"), "", [], {}
            self.position = self._head = page["sequence"]
            yield page["sequence"]
            yield from self._follow()

    def _hold(self, frame: Step) -> Iterator[int]:
        if frame.get("epoch", "e") != self.epoch or frame["sequence"] > self._head:
            self._held[frame["sequence"]] = frame
        yield from self._follow()

    def _follow(self) -> Iterator[int]:
        for sequence, frame in sorted(self._held.items()):
            if frame.get("epoch", "e") == self.epoch and frame["prev"] <= self._head < sequence:
                self._head = sequence
                self._group.append(sequence)
                if len(self._group) == frame.get("parts", 1):
                    self.position = sequence
                    yield from self._group
                    self._group = []
        mine = {sequence: frame for sequence, frame in self._held.items() if sequence > self._head or frame.get("epoch", "e") != self.epoch}
        self._held = mine

    def _ask(self) -> str | None:
        if not self._held:
            self.repair = "" if self.repair == "resume" else self.repair
            return None
        foreign = any(frame.get("epoch", "e") != self.epoch for frame in self._held.values())
        return self._want("snapshot" if foreign else "resume")

    def _want(self, repair: str) -> str | None:
        if self.repair in {repair, "snapshot"}:
            return None
        self.repair = repair
        return repair


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["law"])
def test_the_client_rule(case: Step) -> None:
    """What is shown, where the client stands, and what it asks for, after each step."""
    reader = Reader()
    for number, step in enumerate(case["steps"]):
        shown, ask = reader.take(step)
        assert (shown, reader.position, ask) == (step["apply"], step["position"], step["ask"]), f"step {number}"
