"""Notices in place of rows."""

import json

from msgspec import Raw

from api.protocol.notices import notice
from schemas.messages import Bulk, BulkData, BulkPayload, Cascade, Change, Metadata, Position, Update, UpdateData, UpdatePayload

ABOUT = Metadata(source="user", position=Position(1, 8), user_id="u", correlation_id="c")


def test_a_notice_says_what_changed_and_nothing_of_it() -> None:
    """Whose, where in the log and which row, so that it can be fetched; to a merging client it is an empty bulk."""
    row = Raw(b'{"id":"t","project_id":"p","branch_id":"b","title":"secret","stamp":7}')
    data = UpdateData(primary=row, cascade=Cascade(projects=[Raw(b'{"id":"p","total_tasks":5}')]))
    made = notice(Update(id="m", stream="project:p", timestamp=5, payload=UpdatePayload("task", "patch", data), metadata=ABOUT))
    frame = json.loads(made)
    assert next(iter(frame)) == "type"
    assert (frame["type"], frame["id"], frame["stream"], frame["timestamp"], frame["version"]) == ("bulk", "m", "project:p", 5, "2.0")
    assert frame["payload"] == {
        "entity": "multiple",
        "action": "update",
        "data": {"primary": [], "cascade": {}, "changed": [{"entity": "task", "action": "patch", "id": "t", "branchId": "b"}]},
    }
    assert frame["metadata"] == {"source": "user", "position": {"partition": 1, "offset": 8}, "userId": "u", "correlationId": "c"}


def test_a_part_is_a_notice_of_its_own() -> None:
    """It needs no other part to be understood; each entry is named."""
    rows = [Change("task", "create", Raw(b'{"id":"t1"}')), Change("branch", "delete", Raw(b'{"id":"b","deleted":true}'))]
    payload = BulkPayload("multiple", "update", BulkData(primary=rows, cascade=Cascade()))
    frame = json.loads(notice(Bulk(id="m", stream="project:p", timestamp=5, payload=payload, metadata=ABOUT, part=1, parts=2)))
    assert "part" not in frame
    assert frame["payload"]["data"]["changed"] == [
        {"entity": "task", "action": "create", "id": "t1"},
        {"entity": "branch", "action": "delete", "id": "b"},
    ]
