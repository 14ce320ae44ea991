"""What the verify command says."""

from audit.app import Result
from audit.compare import Difference
from cli.verify import SHOWN, lines_of

CLEAN = {"task-state": {"project": 1, "branch": 2, "task": 3000, "subtask": 0}}


def test_agreement_is_counted_by_kind() -> None:
    """Kinds without rows are left out; an edge that was not asked is named."""
    result = Result(ok=True, events=5000, through={0: 5000}, outcomes={}, rows=CLEAN, agree=CLEAN, seconds=1.0)
    assert lines_of(result, asked_edge=False) == [
        "Recounted 5,000 events in 1.0 s.",
        "  task-state: 1 of 1 project rows, 2 of 2 branch rows, 3,000 of 3,000 task rows agree",
        "  edge: not asked (none runs; --url names one)",
        "No difference.",
    ]


def test_each_difference_is_a_line() -> None:
    """Key, field, expected and found."""
    difference = Difference("edge", "branch/p/b", "total_tasks", 1, {"x": 2})
    result = Result(ok=False, events=1, through={}, outcomes={}, difference_count=SHOWN + 1, differences=[difference], skipped=2)
    lines = lines_of(result, asked_edge=True)
    assert lines[-1] == '  edge branch/p/b total_tasks: expected 1, found {"x":2}'
    assert lines[-2] == "21 differences, the first 20:"
    assert "2 rows of the edge are newer" in lines[-3]
