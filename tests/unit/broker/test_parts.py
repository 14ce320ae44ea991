"""Running parts are found by their data directory, dead ones are not."""

import os
from pathlib import Path

from broker.parts import Part, announced, private_url, running_parts


def test_a_part_is_there_while_it_runs(tmp_path: Path) -> None:
    """And leaves nothing behind."""
    with announced(tmp_path, "worker", "http://127.0.0.1:1", directory=tmp_path / "w"):
        (part,) = running_parts(tmp_path)
        assert (part.kind, part.private_url, part.directory, part.pid) == ("worker", "http://127.0.0.1:1", str(tmp_path / "w"), os.getpid())
    assert running_parts(tmp_path) == []


def test_what_a_killed_process_left_is_passed_over(tmp_path: Path) -> None:
    """A damaged announcement too."""
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "worker-1.json").write_text(Part(kind="worker", private_url="http://x", pid=2**22 - 1).model_dump_json())
    (folder / "edge-2.json").write_text("{")
    assert running_parts(tmp_path) == []


def test_nothing_is_announced_where_nothing_can_be_written(tmp_path: Path) -> None:
    """The part runs nevertheless."""
    (tmp_path / "parts").write_text("a file")
    with announced(tmp_path, "edge", "http://x"):
        pass


def test_private_addresses_are_reachable_from_here() -> None:
    """Whatever the part listens on."""
    assert [private_url(host, 5) for host in ("0.0.0.0", "::", "::1", "10.0.0.1")] == [  # noqa: S104  that is the question
        "http://127.0.0.1:5",
        "http://[::1]:5",
        "http://[::1]:5",
        "http://10.0.0.1:5",
    ]
