"""What a page holds: rows by kind and id, from frames, notices and bulk answers. The least that a client can be."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from benchmarks.harness.calls import Caller
from benchmarks.harness.sockets import Client, Crowd

SUMMARIES: Final = "/api/v2/branches/summaries"
_LISTS: Final = {"branches": "branch", "tasks": "task", "projects": "project", "subtasks": "subtask", "contexts": "context"}
Key = tuple[str, str]


class Screen:
    """rows: the newest of each. A page that only shows summaries holds projects and branches, whatever else comes."""

    def __init__(self) -> None:
        self.rows: dict[Key, dict[str, Any]] = {}
        self._parts: list[dict[str, Any]] = []

    def frame(self, frame: dict[str, Any]) -> bool:
        """Take in a data frame; returns whether it is a notice, so that something must be fetched."""
        data = frame["payload"].get("data", {})
        if frame["payload"]["action"] == "snapshot":
            self._snapshot(frame, data)
            return False
        for name, kind in _LISTS.items():
            for row in data.get("cascade", {}).get(name, ()):
                self._put(kind, row)
        primary = data.get("primary")
        if isinstance(primary, list):
            for change in primary:
                self._put(change["entity"], change["row"])
        elif primary:
            self._put(frame["payload"]["entity"], primary)
        return "changed" in data

    def answer(self, answer: dict[str, Any]) -> None:
        """Take in a bulk answer."""
        self._whole(answer["summaries"].values(), answer["projects"].values())

    def _snapshot(self, frame: dict[str, Any], data: dict[str, Any]) -> None:
        """Take in a part of a snapshot, which counts when it is whole."""
        self._parts = [*(self._parts if frame["part"] > 1 else []), data]
        if frame["part"] == frame["parts"]:
            branches = [row for part in self._parts for row in part["cascade"]["branches"]]
            self._whole(branches, [data["primary"]] if data["primary"] else [])

    def _whole(self, branches: Iterable[dict[str, Any]], projects: Iterable[dict[str, Any]]) -> None:
        """Take in all rows of projects: branches that are not among them are gone."""
        rows = {("branch", row["id"]): row for row in branches} | {("project", row["id"]): row for row in projects}
        of = {row.get("project_id", row["id"]) for row in rows.values()}
        gone = [key for key, row in self.rows.items() if key[0] == "branch" and key not in rows and row["project_id"] in of]
        for key in gone:
            del self.rows[key]
        for (kind, _), row in rows.items():
            self._put(kind, row)

    def summaries(self) -> dict[Key, dict[str, Any]]:
        """Return what a page shows of projects and branches."""
        return {key: row for key, row in self.rows.items() if key[0] in {"project", "branch"} and not row.get("deleted")}

    def _put(self, kind: str, row: dict[str, Any]) -> None:
        known = self.rows.get((kind, row["id"]))
        if known is None or known["stamp"] <= row["stamp"]:
            self.rows[kind, row["id"]] = row


class Page:
    """A page that follows one project: a WebSocket, and a connection for what it fetches. All that comes and goes is counted (bytes).

    fetches: the projects whose summaries it fetches after a notice, one after the other. listed: bytes of `fetched` that were tasks.
    """

    def __init__(self, port: int, token: str, fetches: Sequence[str], screen: Screen) -> None:
        self.fetched = self.listed = 0
        self.calls = self.frames = 0
        self._screen = screen
        self._whom = (port, token)
        self._caller = Caller(port, token)
        self._requests = [self._caller.request("GET", f"{SUMMARIES}?project_id={project_id}") for project_id in fetches]
        self._crowd = Crowd(port, f"Authorization: Bearer {token}\r\nSec-WebSocket-Protocol: summary.v2\r\n")
        wants = [{"stream": f"project:{fetches[0]}"}]
        subscribe = json.dumps({"type": "sync", "payload": {"action": "subscribe", "data": {"streams": wants}}}).encode()
        self._crowd.open(1, lambda _number: subscribe)
        [self._client] = self._crowd.clients.values()
        self._due = False

    def settle(self) -> None:
        """Take what the subscription brings, then begin to count."""
        while self.turn(0.5):
            pass
        self._client.size = self.fetched = self.listed = self.calls = self.frames = 0

    def turn(self, timeout_s: float) -> int:
        """Wait once for frames; fetch when they were notices, once for all of them. Returns how many frames came."""
        came = sum(self._crowd.events(timeout_s, self._seen))
        if self._due:
            self._due = False
            self.fetch()
        self.frames += came
        return came

    def fetch(self) -> None:
        """Fetch the summaries."""
        for request in self._requests:
            self._screen.answer(json.loads(self._call(request)))

    def _call(self, request: bytes) -> bytes:
        """Return an answer's body; a kept connection that the server ended while nothing was asked is opened again, as a browser does."""
        try:
            self._caller.send(request)
            answer = self._caller.receive(0.0)
        except ConnectionError:
            self._caller = Caller(*self._whom)
            self._caller.send(request)
            answer = self._caller.receive(0.0)
        self.fetched += answer.wire + len(request)
        self.calls += 1
        return answer.body

    @property
    def wire(self) -> int:
        """Return how many bytes went over both connections."""
        return self._client.size + self.fetched

    def _seen(self, _client: Client, frame: bytes) -> None:
        message = json.loads(frame)
        if message.get("stream"):
            self._due = self._screen.frame(message) or self._due


class OriginalPage(Page):
    """A page as the original's client was when its design was written: every notice is fetched for by itself, and nothing gathers them.

    Read in its repository (phamhung075/4genthub, agenthub-frontend/src, September 2025): `services/changePoolService.ts` calls each
    component that a notice concerns, at once; `components/ProjectList.tsx` then lists all projects and asks for the summaries of each
    (notices of tasks, branches and projects), `components/LazyTaskList.tsx` asks for the tasks of the branch that is open (notices of its
    tasks and subtasks). Neither waits for more notices, nor for a fetch that is under way. Kinder than it was: one call brings what its
    list and its summaries brought, rows are ours without descriptions, at most 50 tasks are asked for, and one project is all there is.
    """

    def __init__(self, port: int, token: str, project_id: str, branch_id: str, screen: Screen) -> None:
        self._branch = branch_id
        self._told: list[dict[str, Any]] = []
        super().__init__(port, token, [project_id], screen)
        of_branch = urlencode({"branch_id": branch_id, "limit": 50})
        self._tasks = self._caller.request("GET", f"/api/v2/projects/{quote(project_id, safe='')}/tasks?{of_branch}")

    def turn(self, timeout_s: float) -> int:
        """Wait once for frames, and fetch for each that was a notice."""
        came = sum(self._crowd.events(timeout_s, self._seen))
        told, self._told = self._told, []
        answer = None
        for changed in told:
            if changed["entity"] in {"project", "branch", "task"}:
                answer = self._call(self._requests[0])
            if changed["entity"] in {"task", "subtask"} and changed.get("branchId") in {None, self._branch}:
                before = self.fetched
                self._call(self._tasks)
                self.listed += self.fetched - before
        if answer is not None:
            self._screen.answer(json.loads(answer))
        self.frames += came
        return came

    def _seen(self, _client: Client, frame: bytes) -> None:
        message = json.loads(frame)
        if message.get("stream") and self._screen.frame(message):
            self._told += message["payload"]["data"]["changed"]
