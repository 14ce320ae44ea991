"""What a long-poll is answered with: the frames of the rings from the caller's places on, by the rules of a subscription.

Nothing is kept between two looks: each one decides anew from the places that the caller named.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from api.protocol.hub import Hub
from api.protocol.resume import Behind, Decision, Replay, Snapshot
from schemas.frames import ALL_PROJECTS, STREAM_PREFIX, Since, Want
from schemas.problems import INVALID_REQUEST, Problem

ANSWER_BYTES: Final = 4 * 1024 * 1024
"""Above this, no further stream is added to an answer: the next call brings it."""


class Found(Struct, frozen=True):
    """frames: what is due. lost: streams that cannot go on from the caller's place. behind: streams this edge has not read so far."""

    frames: list[bytes]
    lost: list[str]
    behind: list[str]


def wants_of(streams: Sequence[str], places: Sequence[str], limit: int) -> list[Want] | Problem:
    """Return the streams of a call. The n-th place, `epoch:sequence` or empty, belongs to the n-th stream; the last ones may be missing."""
    if not streams or len(streams) > limit:
        return Problem(INVALID_REQUEST, errors=(f"stream: 1 to {limit} of them",))
    if len(places) > len(streams):
        return Problem(INVALID_REQUEST, errors=("since: more places than streams",))
    try:
        found = [_since(text) for text in places] + [None] * (len(streams) - len(places))
    except ValueError:
        return Problem(INVALID_REQUEST, errors=("since: <epoch>:<sequence>",))
    wants = [Want(stream, since) for stream, since in zip(streams, found, strict=True)]
    wrong = next((want.stream for want in wants if not want.stream.startswith(STREAM_PREFIX)), None)
    if wrong is not None:
        return Problem(INVALID_REQUEST, errors=(f"stream: {STREAM_PREFIX}<id> or {ALL_PROJECTS}",))
    return wants


def look(hub: Hub, places: Mapping[str, Since | None], now_ms: int, budget: int = ANSWER_BYTES, *, last: bool = False) -> Found:
    """Return what there is for these projects now. A project without a place gets its snapshot.

    last: the call's time is over. Only then is a snapshot sent to who stands at the end of a stream whose rows were mended there: whether
    it has them, nobody can tell, and one that is sent them at once would ask again in circles.
    """
    decisions = {project_id: hub.decide(project_id, since) for project_id, since in places.items()}
    snapshots = {name: places[name] for name, decision in decisions.items() if isinstance(decision, Snapshot)}
    ends = {name for name, since in snapshots.items() if since is not None and _is_end(hub, name, since)}
    lost = [name for name, since in snapshots.items() if since is not None and name not in ends]
    behind = [name for name, decision in decisions.items() if isinstance(decision, Behind)]
    frames: list[bytes] = []
    if lost or behind:
        return Found(frames, lost, behind)
    for project_id, decision in decisions.items():
        if budget > 0 and (last or project_id not in ends):
            due = _due(hub, project_id, decision, now_ms)
            budget -= sum(map(len, due))
            frames += due
    return Found(frames, lost, behind)


def _is_end(hub: Hub, project_id: str, since: Since) -> bool:
    return since.epoch == hub.place(project_id).epoch and since.sequence == hub.sequence(project_id)


def _due(hub: Hub, project_id: str, decision: Decision, now_ms: int) -> list[bytes]:
    """Return all of a stream: a caller that got half a group of parts could not go on from there."""
    if isinstance(decision, Snapshot):
        return hub.snapshot(project_id, now_ms)
    if not isinstance(decision, Replay):
        return []
    ring = hub.ring(project_id)
    frames = (ring.get(cursor) for cursor in range(decision.cursor, decision.cursor + decision.count))
    return [frame.data for frame in frames if frame is not None]


def _since(text: str) -> Since | None:
    if not text:
        return None
    epoch, colon, sequence = text.rpartition(":")
    if not colon or not epoch or not (sequence.isascii() and sequence.isdigit()):
        raise ValueError(text)
    return Since(epoch, int(sequence))
