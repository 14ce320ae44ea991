"""Who hears that a project moved."""

from collections.abc import Iterable

from mcp.server.subscriptions import ServerEvent

from api.mcp.watching import CALLER, ProjectBus, uri_of
from api.protocol.access import Principal, Standing
from api.protocol.hub import Hub
from api.protocol.limits import Limits
from tests.unit.api.protocol.fakes import FakeRows


class People:
    """Members as a test wants them: one project, and who is out."""

    def __init__(self) -> None:
        self.removed: set[str] = set()

    def standing(self, project_id: str, user_id: str) -> Standing | None:  # noqa: ARG002  one project
        """Say who was removed."""
        return Standing.REMOVED if user_id in self.removed else None

    def owned(self, project_id: str) -> bool:  # noqa: ARG002  one project
        """Nobody owns it."""
        return False

    def live(self, project_id: str) -> bool:
        """There is one project."""
        return project_id == "p"

    def projects(self) -> Iterable[str]:
        """There is one project."""
        return ["p"]

    def task_place(self, project_id: str, task_id: str) -> None:  # noqa: ARG002  there are no tasks
        """There are no tasks."""
        return

    def projects_of(self, user_id: str) -> Iterable[str]:  # noqa: ARG002  nobody is named
        """Nobody is named."""
        return []


def listening(bus: ProjectBus, user: str, project: str) -> tuple[list[ServerEvent], object]:
    """Subscribe as a user whose token names a project."""
    heard: list[ServerEvent] = []
    token = CALLER.set(Principal(user, frozenset({project})))
    forget = bus.subscribe(heard.append)
    CALLER.reset(token)
    return heard, forget


def test_who_may_read_hears_and_nobody_else() -> None:
    """Neither one with another project, nor one that was removed since or whose token holds no more, nor a subscription of nobody."""
    people, over = People(), set[str]()
    hub = Hub(FakeRows(), lambda _: 0, Limits())
    bus = ProjectBus(hub, people, lambda caller: caller.subject not in over)
    mine, _ = listening(bus, "ada", "p")
    others, _ = listening(bus, "bob", "q")
    nobody: list[ServerEvent] = []
    bus.subscribe(nobody.append)
    bus.mark("p")
    assert [getattr(event, "uri", None) for event in mine] == [uri_of("p")]
    for out in (people.removed, over):
        out.add("ada")
        bus.mark("p")
        out.clear()
        assert (len(mine), others, nobody) == (1, [], [])
