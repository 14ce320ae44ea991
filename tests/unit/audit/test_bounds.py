"""How many words a project takes."""

import json

import pytest

from audit.fold import Fold
from audit.intake import Record
from schemas.words import MAX_WORDS


@pytest.mark.parametrize("kind", ["status", "priority"])
def test_a_project_takes_only_so_many_words(kind: str) -> None:
    """What is there counts: known words, and those of tasks that live."""
    fold = Fold()
    known = {"status": "done", "priority": "low"}[kind]
    words = [*(f"own-{number}" for number in range(MAX_WORDS)), "one more", known, "own-7"]
    tasks = [(f"t{number}", "create", {kind: word}) for number, word in enumerate(words)]
    for offset, (name, action, data) in enumerate(
        [*tasks, ("t0", "delete", {}), ("t1001", "delete", {}), ("x", "create", {kind: "one more"})]
    ):
        event = {"id": f"e{offset}", "entity": "task", "action": action, "project_id": "p", "entity_id": name, "data": data}
        fold.take(Record(offset, 0, b"p", json.dumps({**event, "occurred_at": "2026-01-01", "source": "user"}).encode()))
    assert fold.outcomes == {"applied": MAX_WORDS + 5, "crowded": 1}
