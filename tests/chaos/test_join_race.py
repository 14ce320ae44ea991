"""A hundred thousand joins while everything moves: nobody misses a frame, nobody gets one twice.

Events, clients and their cuts come from one seeded sequence; each client checks every frame against the one before. At the end each has
all there is.
"""

import random
from collections import Counter

import msgspec

from api.protocol.inputs import Gone, Subscribe
from api.protocol.limits import Limits
from api.protocol.session import Session
from api.protocol.transitions import receive
from schemas.frames import Since, Want
from tests.unit.api.protocol.fakes import EPOCH, NOW, World

JOINS = 100_000
PROJECTS = [f"p{number}" for number in range(5)]
STANDING = 20
"""Clients that are there at the same time."""


class Head(msgspec.Struct):
    """What a client must know of a frame to keep its place."""

    sequence: int
    prev: int = 0
    stream: str = ""
    parts: int = 0


read = msgspec.json.Decoder(Head).decode


class Reader:
    """A client of one stream by the rules of the protocol. lost, doubled: frames that broke them."""

    def __init__(self, world: World, project_id: str, since: int | None) -> None:
        self.project_id = project_id
        self.at = -1 if since is None else since
        self.session: Session = world.session()
        self.lost = self.doubled = 0
        want = Want(f"project:{project_id}", None if since is None else Since(EPOCH, since))
        receive(self.session, Subscribe([want]), NOW)

    def take(self, frames: list[bytes]) -> None:
        """Take frames in."""
        for frame in frames:
            head = read(frame)
            if not head.stream:
                continue
            if not head.parts:
                self.lost += head.prev > self.at
                self.doubled += head.sequence <= self.at
            self.at = max(self.at, head.sequence)


class Race:
    """The streams, the clients that are there, and what was broken so far."""

    def __init__(self) -> None:
        self.dice = random.Random(20_261_125)
        self.world = World(Limits(ring_frames=40, messages_per_second=1_000_000, burst=1_000_000))
        self.last = {project_id: self.world.publish(project_id) for project_id in PROJECTS}
        self.readers: list[Reader] = []
        self.broken: Counter[str] = Counter()

    def move(self) -> None:
        """Change a project or two, or none."""
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            project_id = self.dice.choice(PROJECTS)
            self.last[project_id] = self.world.publish(project_id)

    def join(self) -> None:
        """Let a client come: without a place, with the newest, or with an old one. Some have a full socket soon."""
        project_id = self.dice.choice(PROJECTS)
        places = (None, self.last[project_id], self.last[project_id] - 20)
        reader = Reader(self.world, project_id, self.dice.choice(places))
        self.readers.append(reader)
        if self.dice.random() < 0.2:
            (reader.session.hold if self.dice.random() < 0.5 else reader.session.go_on)()

    def read(self) -> None:
        """Let one client take a little, or all there is."""
        reader = self.dice.choice(self.readers)
        if not reader.session.held:
            reader.take(self.world.due(reader.session, budget=self.dice.choice((1, 500, 100_000))))

    def end(self, reader: Reader) -> None:
        """Let a client read to the end, and leave."""
        reader.session.go_on()
        while frames := self.world.due(reader.session):
            reader.take(frames)
        self.broken.update(lost=reader.lost, doubled=reader.doubled, behind=reader.at < self.last[reader.project_id])
        receive(reader.session, Gone(), NOW)


def test_a_hundred_thousand_joins_lose_and_double_nothing() -> None:
    """With a place and without, in the middle of things, with full sockets and rings that overrun."""
    race = Race()
    for number in range(JOINS):
        race.move()
        race.join()
        if number % 3 == 0:
            race.world.fan_out()
        race.read()
        if len(race.readers) > STANDING:
            race.end(race.readers.pop(race.dice.randrange(len(race.readers))))
    for reader in race.readers:
        race.end(reader)
    assert dict(race.broken) == {"lost": 0, "doubled": 0, "behind": 0}
