"""Clients that keep their place by the rules of the protocol: cut off or sent away, they come back and resume."""

import heapq
import json
import random
import select
import sys
import time
from typing import Any, Final

import msgspec

from benchmarks.harness.sockets import Client, Crowd

_PATIENCE_S: Final = 60.0
_ROUND: Final = 20
_UNTOLD_S: Final = 5.0
"""Who is cut off without a goodbye comes back at some time within this, unless the option `untold_s` says otherwise."""


class _Payload(msgspec.Struct):
    action: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Head(msgspec.Struct):
    sequence: int
    prev: int = 0
    epoch: str = ""
    stream: str = ""
    part: int = 1
    parts: int = 1
    payload: _Payload = msgspec.field(default_factory=_Payload)


class _Goodbye(msgspec.Struct, rename="camel"):
    retry_after_ms: int
    jitter_ms: int


_read = msgspec.json.Decoder(_Head).decode
_read_goodbye = msgspec.json.Decoder(_Goodbye).decode


class Follower:
    """Where one client stands in its stream, and when it may come back once it is away."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.epoch = ""
        self.at = -1
        self.away_s = 0.0
        self.pause_s = 0.0

    def hello(self) -> bytes:
        """Return the frame that subscribes, with the place if there is one."""
        since = None if self.at < 0 else {"epoch": self.epoch, "sequence": self.at}
        wants = [{"stream": self.stream, "since": since}]
        return json.dumps({"type": "sync", "payload": {"action": "subscribe", "data": {"streams": wants}}}).encode()


class Followers:
    """All of them. lost, doubled: frames that broke the rules; came: data frames; returned: how often one came back.

    dense: sequences have no holes, so that a frame the edge itself never gave to anybody would be missed, too. forget: who comes back
    does so without its place, as a page does that is loaded anew.
    """

    def __init__(self, crowd: Crowd, options: dict[str, Any]) -> None:
        streams = options["streams"]
        self._crowd = crowd
        self._all = [Follower(streams[number % len(streams)]) for number in range(options["clients"])]
        self._away: list[tuple[float, int]] = []
        self._untold_s: float = options.get("untold_s", _UNTOLD_S)
        self._forget: bool = options.get("forget", False)
        for follower in self._all:
            follower.away_s = self._untold_s
        self._dice = random.Random(7)
        self._dense: bool = options.get("dense", False)
        self._cut_every_s: float = options.get("cut_every_s", 0.0)
        self._cut_for_s: float = options.get("cut_for_s", 0.0)
        self.lost = self.doubled = self.came = self.snapshots = self.returned = 0
        self._next_cut = time.monotonic() + self._cut_every_s

    def run(self) -> dict[str, Any]:
        """Follow until a line comes in, which says that nothing is published any more; let all come to the same end."""
        for start in range(0, len(self._all), _ROUND):
            self._open(list(range(start, min(start + _ROUND, len(self._all)))))
            self._turn(cutting=False)  # who is there already reads meanwhile
        print("ready", flush=True)
        while not select.select([sys.stdin], [], [], 0)[0]:
            self._turn(cutting=True)
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until and (self._away or self._behind()):
            self._turn(cutting=False)
        return {
            "clients": len(self._all),
            "lost": self.lost,
            "doubled": self.doubled,
            "behind": self._behind(),
            "came": self.came,
            "snapshots": self.snapshots,
            "returned": self.returned,
        }

    def _behind(self) -> int:
        """Return how many have not come to where the first of their stream is."""
        ends: dict[str, int] = {}
        for follower in self._all:
            ends[follower.stream] = max(follower.at, ends.get(follower.stream, 0))
        return sum(follower.at < ends[follower.stream] for follower in self._all)

    def _turn(self, *, cutting: bool) -> None:
        before = set(self._crowd.clients.values())
        for _ in self._crowd.events(0.05, self._seen):
            pass
        now = time.monotonic()
        for client in before - set(self._crowd.clients.values()):
            follower = self._all[client.number]
            heapq.heappush(self._away, (now + follower.pause_s + self._dice.uniform(0, follower.away_s), client.number))
            follower.away_s, follower.pause_s = self._untold_s, 0.0
            follower.at = -1 if self._forget else follower.at
        if cutting and self._cut_every_s and now >= self._next_cut:
            self._cut(now)
        due = []
        while self._away and self._away[0][0] <= now:
            due.append(heapq.heappop(self._away)[1])
        self._open(due)
        self.returned += len(due)

    def _cut(self, now: float) -> None:
        self._next_cut = now + self._cut_every_s
        for client in list(self._crowd.clients.values()):
            self._crowd.drop(client)
            heapq.heappush(self._away, (now + self._cut_for_s, client.number))

    def _open(self, numbers: list[int]) -> None:
        for number in numbers:
            try:
                self._crowd.open(1, lambda number: self._all[number].hello(), first=number)
            except OSError:  # nobody listens for a moment
                heapq.heappush(self._away, (time.monotonic() + 0.5, number))

    def _seen(self, client: Client, frame: bytes) -> None:
        if not frame.startswith(b"{"):
            return  # a close
        head, follower = _read(frame), self._all[client.number]
        if not head.stream:
            if head.payload.action == "goodbye":
                said = _read_goodbye(head.payload.data)
                follower.pause_s, follower.away_s = said.retry_after_ms / 1000, said.jitter_ms / 1000
            return
        self.came += 1
        if head.payload.action == "snapshot":
            self.snapshots += head.part == 1
            if head.part < head.parts:
                return
        else:
            self.lost += head.sequence > follower.at + 1 if self._dense else head.prev > follower.at
            self.doubled += head.sequence <= follower.at
        follower.epoch, follower.at = head.epoch, max(follower.at, head.sequence)
