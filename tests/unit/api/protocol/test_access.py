"""Who may do what."""

import pytest
from msgspec.structs import replace

from api.protocol.access import RIGHTS, Action, Grants, Principal, Standing, authorize, may_act_as, readable, refusal, role
from tests.unit.api.protocol.fakes import FakeRows

SOME = Principal("u", frozenset({"p"}))
NOBODY = Principal("v", frozenset())
EVERY = Principal("w", frozenset({"*"}))
ADMIN = Principal("a", frozenset(), frozenset({"admin"}))
NONE = set[Action]()
USE = {Action.READ, Action.CLAIM, Action.WRITE}
ALL = set(Action)


def may(principal: Principal, members: FakeRows, project_id: str = "p") -> set[Action]:
    """Return what a caller may do."""
    return {action for action in Action if authorize(principal, action, project_id, members)}


def test_without_members_the_token_decides() -> None:
    """Listed projects or all; a project without an owner may be given one; the admin scope may do all."""
    members = FakeRows()
    assert [may(principal, members) for principal in (SOME, NOBODY, EVERY, ADMIN)] == [ALL, NONE, ALL, ALL]
    assert [may(principal, members, "q") for principal in (SOME, NOBODY, EVERY, ADMIN)] == [NONE, NONE, ALL, ALL]


@pytest.mark.parametrize(
    ("standing", "rights"), [(Standing.OWNER, ALL), (Standing.EDITOR, USE), (Standing.VIEWER, {Action.READ}), (Standing.REMOVED, NONE)]
)
def test_the_log_comes_before_the_token(standing: Standing, rights: set[Action]) -> None:
    """For every standing: the same rights with and without a claim, and none taken from an admin."""
    members = FakeRows()
    members.standings |= {("p", user): standing for user in "uvwa"}
    assert [may(principal, members) for principal in (SOME, NOBODY, EVERY, ADMIN)] == [rights, rights, rights, ALL]


def test_a_claim_does_not_manage_what_has_an_owner() -> None:
    """It still reads and writes."""
    members = FakeRows()
    members.standings["p", "somebody"] = Standing.OWNER
    assert [may(principal, members) for principal in (SOME, NOBODY)] == [USE, NONE]


@pytest.mark.parametrize(
    ("granted", "left"),
    [({Action.READ}, {Action.READ}), ({Action.READ, Action.CLAIM}, {Action.READ, Action.CLAIM}), (set(), NONE), (ALL, ALL)],
)
def test_a_token_may_grant_less_than_its_user_may(granted: set[Action], left: set[Action]) -> None:
    """Of an owner, and of an admin; never more than the user may."""
    members = FakeRows()
    members.standings |= {("p", "u"): Standing.OWNER, ("p", "v"): Standing.VIEWER}
    narrow = [replace(principal, grants=Grants(frozenset(granted))) for principal in (SOME, ADMIN, NOBODY)]
    assert [may(principal, members) for principal in narrow] == [left, left, left & {Action.READ}]
    problem = refusal(narrow[0], Action.WRITE, "p", members)
    assert problem is None or problem.detail in {"project p", "this token for project p does not allow this"}


def test_every_standing_has_its_rights() -> None:
    """The table is total; a role that is not known here may look."""
    assert set(RIGHTS) == set(Standing)
    assert [role(text) for text in ("owner", "editor", "viewer", "removed", "boss", "")] == [
        Standing.OWNER,
        Standing.EDITOR,
        *[Standing.VIEWER] * 4,
    ]


def test_a_refusal_tells_no_more_than_the_caller_may_know() -> None:
    """404 where it may not read, 403 where it may."""
    members = FakeRows()
    members.standings |= {("p", "u"): Standing.VIEWER, ("q", "u"): Standing.REMOVED}
    found = [
        refusal(SOME, action, project_id, members) for action, project_id in ((Action.READ, "p"), (Action.WRITE, "p"), (Action.READ, "q"))
    ]
    assert [problem and problem.type.code for problem in found] == [None, "forbidden", "unknown-project"]


def test_readable_projects_are_the_live_ones_among_those_that_can_be() -> None:
    """By the log, by the token, or all; sorted."""
    members = FakeRows()
    for project_id in ("r", "q", "p", "o"):
        members.put(project_id, 1)
    members.put("o", 2, deleted=True)
    members.standings |= {("q", "u"): Standing.VIEWER, ("o", "u"): Standing.OWNER, ("r", "w"): Standing.REMOVED}
    assert [readable(principal, members) for principal in (SOME, NOBODY, EVERY, ADMIN)] == [["p", "q"], [], ["p", "q"], ["p", "q", "r"]]


def test_nobody_acts_for_others_without_the_admin_scope() -> None:
    """For itself everybody does."""
    assert [may_act_as(SOME, "u"), may_act_as(SOME, "v"), may_act_as(ADMIN, "v")] == [True, False, True]
