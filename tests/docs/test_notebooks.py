"""The notebooks run as they are: their code cells in order, in one folder with an exported database."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from analytics.app import Tables
from analytics.columns import tables_of
from analytics.export import write
from schemas.rows import BranchSummary, ProjectSummary, encode_row

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.ipynb"))
ROWS = [
    (b"project/p/p", encode_row(ProjectSummary(id="p", name="P", total_branches=1, total_tasks=3, status_breakdown={"todo": 3}))),
    (b"branch/p/b", encode_row(BranchSummary(id="b", project_id="p", name="B", total_tasks=3, status_breakdown={"todo": 3}))),
]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs(notebook: Path, tmp_path: Path) -> None:
    """Its outputs are not kept, so none of them can be old."""
    write(Tables(tables_of(ROWS), {0: 2}), tmp_path / "anabranch.duckdb", "duckdb")
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert not any(cell["outputs"] for cell in cells)
    names: dict[str, Any] = {}
    with contextlib.chdir(tmp_path):
        for cell in cells:
            exec(compile("".join(cell["source"]), notebook.name, "exec"), names)  # noqa: S102  because the notebook is ours
    assert names["uncounted"] == 0
    names["tables"].close()
