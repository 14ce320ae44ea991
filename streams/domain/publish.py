"""Which message leaves when: a person's change at once, an agent's first at once with what came with it, the rest in windows."""

from schemas.events import Event
from schemas.messages import Position
from streams.domain.bulk import bulk
from streams.domain.cascade import Look, outcome, parents_of, update
from streams.domain.fold import Applied
from streams.domain.merging import note
from streams.domain.records import Out, Partition, Record
from streams.domain.rules import AI, Rules
from streams.domain.windows import Window, Windows

_Lead = tuple[Event, Record, Applied]
"""The change that opened a window in this step."""


class Publisher:
    """The messages of one step, in log order. `look` reads the rows as they are at the moment of the message."""

    __slots__ = ("leads", "look", "now_ms", "out", "partition", "rules", "through", "windows")

    def __init__(self, partition: Partition, windows: Windows, look: Look, now_ms: int, rules: Rules) -> None:
        self.partition = partition.number
        self.through = partition.through
        self.windows = windows
        self.look = look
        self.now_ms = now_ms
        self.rules = rules
        self.out: list[Out] = []
        self.leads: dict[str, _Lead] = {}

    def before(self, event: Event, record: Record) -> bool:
        """Make way for an event that no window may hold back: its project's window is published first, with the rows before it.

        Returns whether the event is such a one: a person's, the system's, or one about who may read.
        """
        urgent = event.source != AI or event.entity == "member" or not self.rules.ai_batch
        if urgent:
            self.close(event.project_id, record.offset)
        return urgent

    def change(self, event: Event, record: Record, applied: Applied, *, urgent: bool) -> None:
        """Publish an applied event: at once if it is urgent, with the end of this step if its project was quiet, else with its window."""
        if urgent:
            self.out += self._alone(event, record, applied)
            return
        window = self.windows.by_project.get(event.project_id)
        if window is None:
            window = self.windows.open(event.project_id, self.now_ms, self.rules)
            self.leads[event.project_id] = (event, record, applied)
        _take_in(window, event, record, applied)

    def _alone(self, event: Event, record: Record, applied: Applied) -> list[Out]:
        """Return the message about one change; where it is too long, such as of a task that moves with very much below it, as a window."""
        told = update(event, record, applied, self.look, self.partition)
        if len(told.value or b"") <= self.rules.max_message_bytes:
            return [told]
        window = Window(self.now_ms, None)
        _take_in(window, event, record, applied)
        position = Position(self.partition, record.offset + 1)
        return bulk(event.project_id, window.drain(self.now_ms), self.look, position, self.now_ms, self.rules)

    def answer(self, event: Event, record: Record, error: str | None) -> None:
        """Publish the decision about a write that somebody waits for; a plain applied change speaks for itself."""
        asked = event.if_stamp is not None
        if event.correlation_id is not None and (asked or (error is not None and event.source == "user")):
            end = max(record.offset + 1, self.through)
            self.out.append(outcome(event, record, Position(self.partition, end), error))

    def surface(self, project_id: str, key: bytes, end: int) -> None:
        """Publish a project's window if it holds a message about this key. `end`: as in `close`."""
        window = self.windows.by_project.get(project_id)
        if window is not None and window.holds(key):
            self.close(project_id, end)

    def close(self, project_id: str, end: int) -> None:
        """Publish what waits in a project's window. `end`: end of the input that the rows include."""
        window = self.windows.by_project.get(project_id)
        if window is not None and window.pending:
            lead = self.leads.pop(project_id, None)
            pending = window.drain(self.now_ms)
            if lead is not None and pending.merged.events == 1:
                self.out += self._alone(*lead)
                return
            told = bulk(project_id, pending, self.look, Position(self.partition, end), self.now_ms, self.rules)
            note(self.windows.merging, pending, told, self.look)
            self.out += told

    def close_begun(self, end: int) -> None:
        """Publish every window that began in this step: nothing that an agent did in a quiet project waits for what comes later."""
        for project_id in list(self.leads):
            self.close(project_id, end)

    def close_due(self) -> None:
        """Publish every window that ends now. Between steps only: the rows include all events below the partition's end."""
        for project_id in self.windows.due(self.now_ms, self.rules):
            self.close(project_id, self.through)


def _take_in(window: Window, event: Event, record: Record, applied: Applied) -> None:
    window.add(event, record.offset, applied)
    for parent in parents_of(record) if record.headers else ():
        window.trace(parent)
