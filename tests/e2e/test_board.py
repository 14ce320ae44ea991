"""The board in a real browser, on a whole running instance."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.docs.sample import sample_repository
from tests.e2e.conftest import Running

ROOT: Final = Path(__file__).resolve().parents[2]
CHROMIUM: Final = os.environ.get("ANABRANCH_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NODE: Final = shutil.which("npm")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install the package chromium")
@pytest.mark.skipif(NODE is None, reason="no npm here: `make install` brings one")
def test_the_board_is_live_and_takes_edits(instance: Running, tmp_path: Path) -> None:
    """Signed in by the link, totals as the bulk call says, an edit arrives, a phone can read it, no error in the console."""
    sample_repository(tmp_path / "my-project")
    assert instance.run("import", "taskmaster", str(tmp_path / "my-project"), "--history").code == 0
    arguments = ("--url", instance.ready["url"], "--login", instance.ready["login_url"])

    done = subprocess.run(
        ["npm", "--prefix", str(ROOT / "web"), "run", "--silent", "e2e", "--", *arguments],
        env=os.environ | {"ANABRANCH_CHROMIUM": str(CHROMIUM)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
