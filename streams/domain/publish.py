"""Which message leaves when: a person's change at once, an agent's first change at once, the rest in windows."""

from schemas.events import Event
from schemas.messages import Position
from streams.domain.bulk import bulk
from streams.domain.cascade import Look, outcome, parents_of, update
from streams.domain.fold import Applied
from streams.domain.merging import note
from streams.domain.records import Out, Partition, Record
from streams.domain.rules import AI, Rules
from streams.domain.windows import Windows


class Publisher:
    """The messages of one step, in log order. `look` reads the rows as they are at the moment of the message."""

    __slots__ = ("look", "now_ms", "out", "partition", "rules", "through", "windows")

    def __init__(self, partition: Partition, windows: Windows, look: Look, now_ms: int, rules: Rules) -> None:
        self.partition = partition.number
        self.through = partition.through
        self.windows = windows
        self.look = look
        self.now_ms = now_ms
        self.rules = rules
        self.out: list[Out] = []

    def before(self, event: Event, record: Record) -> bool:
        """Make way for an event that no window may hold back: its project's window is published first, with the rows before it.

        Returns whether the event is such a one: a person's, the system's, or one about who may read.
        """
        urgent = event.source != AI or event.entity == "member" or not self.rules.ai_batch
        if urgent:
            self.close(event.project_id, record.offset)
        return urgent

    def change(self, event: Event, record: Record, applied: Applied, *, urgent: bool) -> None:
        """Publish an applied event: at once if it is urgent or its project is quiet, else with the project's window."""
        window = None if urgent else self.windows.by_project.get(event.project_id)
        if window is not None:
            window.add(event, record.offset, applied)
            for parent in parents_of(record) if record.headers else ():
                window.trace(parent)
            return
        if not urgent:
            self.windows.open(event.project_id, self.now_ms, self.rules)
        self.out.append(update(event, record, applied, self.look, self.partition))

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
            pending = window.drain(self.now_ms)
            told = bulk(project_id, pending, self.look, Position(self.partition, end), self.now_ms, self.rules)
            note(self.windows.merging, pending, told, self.look)
            self.out += told

    def close_due(self) -> None:
        """Publish every window that ends now. Between steps only: the rows include all events below the partition's end."""
        for project_id in self.windows.due(self.now_ms, self.rules):
            self.close(project_id, self.through)
