"""The board in a real browser, on a whole running instance that all of these share."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import httpx
import psutil
import pytest

from api.auth import mint
from broker.secrets import jwt_secret
from tests.e2e.conftest import PATIENCE_S, Running, up

ROOT: Final = Path(__file__).resolve().parents[2]
CHROMIUM: Final = os.environ.get("ANABRANCH_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NODE: Final = shutil.which("npm")
LIMIT_S: Final = 240
NOTHING: Final[Mapping[str, Callable[[], None]]] = {}

pytestmark = [
    pytest.mark.timeout(LIMIT_S + 60),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install the package chromium"),
    pytest.mark.skipif(NODE is None, reason="no npm here: `make install` brings one"),
]


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start one instance for all tests of the board; each works in projects of its own."""
    with up(tmp_path_factory.mktemp("board") / "data") as running:
        yield running


def tokens(instance: Running) -> str:
    """Return tokens of two people, of one who has no project, and of a service that speaks for agents, as JSON."""
    secret = jwt_secret(instance.data)
    made = {name: instance.token(name) for name in ("lead", "boris")} | {"newcomer": instance.token("newcomer", "none-of-these")}
    return json.dumps(made | {"agents": mint(secret, "agents", ["*"], 3600, "source admin")})


def browse(
    instance: Running, part: str, *, once_live: tuple[str, ...] = (), login: str = "", told: Mapping[str, Callable[[], None]] = NOTHING
) -> None:
    """Run one part of the browser tests.

    once_live: a command of `anabranch` to run as soon as its page is live. told: what to do when a line of the part ends so.
    """
    command = ["npm", "--prefix", str(ROOT / "web"), "run", "--silent", "e2e", "--", part, "--url", instance.ready["url"]]
    command += ["--private", instance.ready["private_url"]]
    shots = os.environ.get("ANABRANCH_TEST_SHOTS")
    command += (["--login", login] if login else []) + (["--shots", shots] if shots else [])
    environment = os.environ | {"ANABRANCH_CHROMIUM": str(CHROMIUM), "ANABRANCH_E2E_TOKENS": tokens(instance)}
    said: list[str] = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as browser:
        timer = threading.Timer(LIMIT_S, browser.kill)
        timer.start()
        assert browser.stdout is not None
        beside = None
        for line in browser.stdout:
            said.append(line)
            for end, act in told.items():
                if line.rstrip().endswith(end):
                    act()
            if once_live and beside is None and line.rstrip().endswith("live"):
                beside = subprocess.Popen([sys.executable, "-m", "cli.main", *once_live, "--data", str(instance.data), "--json"])
        timer.cancel()
        if beside is not None:
            assert beside.wait(60) == 0
    assert browser.returncode == 0, "".join(said)


def test_the_board_follows_a_real_history(board: Running, histories: dict[str, Path]) -> None:
    """Signed in by the link; what it shows is what the edge says while a history comes in; anyone can read it, on a phone too."""
    history = ("import", "beads", str(histories["beads"]), "--history")
    browse(board, "looks", once_live=history, login=board.ready["login_url"])


def test_edits_in_place(board: Running) -> None:
    """Shown at once, on the other tab too, taken back with a reason when refused; notices, search, links and keys."""
    browse(board, "edits")


def test_cuts_lose_nothing(board: Running) -> None:
    """A cut wire and a token that ended: the page says so, keeps what it has, and catches up."""
    browse(board, "cuts")


def test_without_websockets_it_polls(board: Running) -> None:
    """Five failures, then polls with the same frames, then back."""
    browse(board, "polling")


def test_without_the_bulk_call_it_asks_project_by_project(board: Running) -> None:
    """It fails: version 1 fills the board before there is a stream. 429 and 403 are taken at their word."""
    browse(board, "fallback")


def test_two_tabs_are_two_connections(board: Running) -> None:
    """Both live, what is written in one shows in the other; the eleventh of a person waits and says why."""
    browse(board, "tabs")


def test_the_badge_says_stale_and_failed(board: Running) -> None:
    """Kafka stands still, the worker does: stale, and since when; a page under a name that the edge does not know: refused."""
    broker, worker = board.child("kafka.Kafka"), board.child("worker")
    told = {
        "stop Kafka": broker.suspend,
        "let Kafka go on": broker.resume,
        "stop the worker": worker.suspend,
        "let the worker go on": worker.resume,
    }
    try:
        browse(board, "badges", told=told)
    finally:
        broker.resume()
        with contextlib.suppress(psutil.NoSuchProcess):  # it ends itself when it stood still for long
            worker.resume()


def test_a_browser_that_stands_still_holds_nobody_up(board: Running) -> None:
    """SIGSTOP to Chromium while agents work: the edge ends its connection, others go on; SIGCONT: it comes back and shows the truth."""
    ended: list[float] = []

    def go_on() -> None:
        ended.append(stalled(board) - before)
        chromium(psutil.Process.resume)

    before = stalled(board)
    try:
        browse(board, "frozen", told={"stop Chromium": lambda: chromium(psutil.Process.suspend), "let Chromium go on": go_on})
    finally:
        chromium(psutil.Process.resume)
    assert ended == [1.0]


def chromium(act: Callable[[psutil.Process], None]) -> None:
    """Do something to every process of the browser that this one started."""
    found = [process for process in psutil.Process().children(recursive=True) if "chrom" in process.name()]
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            act(process)


def stalled(instance: Running) -> float:
    """Return how many connections the edge has ended because nothing was taken."""
    text = httpx.get(f"{instance.ready['private_url']}/metrics", trust_env=False, timeout=PATIENCE_S).text
    return sum(float(line.split()[1]) for line in text.splitlines() if line.startswith("edge_stalled_connections_total"))


def test_the_board_copes_where_new_ways_are_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bulk call, no rows in frames: version 1 fills the page, and what a notice names is read again."""
    monkeypatch.setenv("FEATURE_BULK_API", "false")
    monkeypatch.setenv("FEATURE_WS_CASCADE", "false")
    with up(tmp_path / "data") as running:
        browse(running, "notices")


def test_a_flood_leaves_scrolling_alone(board: Running) -> None:
    """Ten thousand tasks in one list and five thousand edits in ten seconds: no task of the page takes 50 ms of a processor."""
    browse(board, "smooth")
