"""Which states were ever true: the log, recounted record by record, asked for the moments that clients have shown."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from audit.fold import Fold
from audit.intake import Record
from audit.tally import Expected
from schemas.rows import encode_row
from tests.chaos.recorder import Key, Recorder, Row, Seen

END: Final = 2**61
"""The moment after everything."""
_JUDGED: Final = 40
SUMMARIES: Final = frozenset({"project", "branch"})


class Past:
    """The rows of each project at the moments asked for. at: (project, offset) -> rows after all records below the offset.

    written: key -> stamps at which the row changed, in order.
    """

    def __init__(self, moments: Iterable[tuple[str, int]]) -> None:
        self.at: dict[tuple[str, int], dict[Key, Row]] = {}
        self._wanted: defaultdict[str, list[int]] = defaultdict(list)
        for project_id, offset in sorted(set(moments), reverse=True):
            self._wanted[project_id].append(offset)
        self._folds: defaultdict[str, Fold] = defaultdict(Fold)

    def take(self, record: Record) -> None:
        """Take the next record of the project that its key names."""
        project_id = (record.key or b"").decode(errors="replace")
        self._answer(project_id, record.offset)
        self._folds[project_id].take(record)

    def end(self) -> None:
        """Answer for what lies at the end of the log."""
        for project_id in self._wanted:
            self._answer(project_id, END)

    def _answer(self, project_id: str, offset: int) -> None:
        wanted = self._wanted.get(project_id)
        rows: dict[Key, Row] | None = None
        while wanted and wanted[-1] <= offset:
            rows = rows if rows is not None else _rows(self._folds[project_id])
            self.at[project_id, wanted.pop()] = rows


def _rows(fold: Fold) -> dict[Key, Row]:
    return {key: json.loads(encode_row(row)) for key, row in Expected(fold).rows.items()}


def moments_of(recorders: Iterable[Recorder]) -> set[tuple[str, int]]:
    """Return all moments that must be known to judge what clients showed."""
    found = set()
    for recorder in recorders:
        for seen in recorder.seen:
            found.add((seen.project_id, seen.offset))
            found |= {(seen.project_id, row["stamp"] + 1) for _, row in _judged(seen)}
    return found


def untrue(recorder: Recorder, past: Past) -> list[str]:
    """Return where a client showed what never was: a row that no event made, or rows of two moments side by side."""
    shown: dict[Key, Row] = {}
    wrong: list[str] = []
    for seen in recorder.seen:
        wrong += [f"{key} as of {row['stamp']} never was: {_parting(row, true)}" for key, row, true in _false_rows(seen, past)]
        _show(shown, seen)
        wrong += _mixed(shown, seen, past.at[seen.project_id, seen.offset])
        if len(wrong) > 5:
            break
    return wrong


def _judged(seen: Seen) -> list[tuple[Key, Row]]:
    """Return the rows of a frame that are held against the past: all summaries, and some of the others where they are very many."""
    others = [pair for pair in seen.rows if pair[0][0] not in SUMMARIES]
    return [*(pair for pair in seen.rows if pair[0][0] in SUMMARIES), *others[:: 1 + len(others) // _JUDGED]]


def _false_rows(seen: Seen, past: Past) -> list[tuple[Key, Row, Row | None]]:
    rows = [(key, row, past.at[seen.project_id, row["stamp"] + 1].get(key)) for key, row in _judged(seen)]
    return [(key, row, true) for key, row, true in rows if row != true]


def _show(shown: dict[Key, Row], seen: Seen) -> None:
    if seen.whole:
        for key in [key for key in shown if key[1] == seen.project_id]:
            del shown[key]
    for key, row in seen.rows:
        if key[0] in SUMMARIES and (key not in shown or shown[key]["stamp"] <= row["stamp"]):
            shown[key] = row
    gone = shown.get(("project", seen.project_id, seen.project_id))
    if gone is not None and gone.get("deleted"):
        for key in [key for key in shown if key[1] == seen.project_id and shown[key]["stamp"] < gone["stamp"]]:
            del shown[key]


def _mixed(shown: dict[Key, Row], seen: Seen, then: dict[Key, Row]) -> list[str]:
    """Compare the summaries that a client shows with those of the moment. A row of a snapshot may be ahead of it, a tombstone too."""
    known = {key: row for key, row in shown.items() if key[1] == seen.project_id}
    ours = {key: row for key, row in known.items() if not row.get("deleted")}
    theirs = {key: row for key, row in then.items() if key[0] in SUMMARIES and not row.get("deleted")}
    ahead = any(row["stamp"] >= seen.offset for row in known.values())
    wrong = []
    for key in ours.keys() | theirs.keys():
        mine, true = ours.get(key), theirs.get(key)
        if mine == true or (mine is not None and mine["stamp"] >= seen.offset) or (mine is None and ahead):
            continue
        wrong.append(f"at {seen.offset} the client shows another {key}: {_parting(mine, true)}")
    return wrong


def _parting(mine: Row | None, true: Row | None) -> str:
    if mine is None or true is None:
        return f"shown {mine is not None}, true {true is not None}"
    fields: dict[str, Any] = {
        name: (mine.get(name), true.get(name)) for name in mine.keys() | true.keys() if mine.get(name) != true.get(name)
    }
    return str(fields)[:300]
