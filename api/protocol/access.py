"""Who may do what: the one place that decides it, for every route, subscription, resume, frame and write.

What the log says of a user (its `member` rows) comes before what a token says: a removed member is out, whatever the token claims.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

from schemas.problems import FORBIDDEN, UNKNOWN_PROJECT, Problem

ADMIN: Final = "admin"
SOURCE: Final = "source"
EVERY_PROJECT: Final = "*"


class Action(StrEnum):
    """What a caller wants to do with a project. CLAIM: take an open task. MANAGE: say who its members are, or delete it."""

    READ = "read"
    CLAIM = "claim"
    WRITE = "write"
    MANAGE = "manage"


class Standing(StrEnum):
    """What the log says of a user in a project. REMOVED: a member that is none any more."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"
    REMOVED = "removed"


RIGHTS: Final[dict[Standing, frozenset[Action]]] = {
    Standing.OWNER: frozenset(Action),
    Standing.EDITOR: frozenset({Action.READ, Action.CLAIM, Action.WRITE}),
    Standing.VIEWER: frozenset({Action.READ}),
    Standing.REMOVED: frozenset(),
}
_CLAIMED: Final = frozenset({Action.READ, Action.CLAIM, Action.WRITE})
SCOPE_PREFIX: Final = "tasks:"
SCOPES: Final[dict[str, frozenset[Action]]] = {
    "tasks:read": frozenset({Action.READ}),
    "tasks:claim": frozenset({Action.READ, Action.CLAIM}),
    "tasks:write": frozenset({Action.READ, Action.CLAIM, Action.WRITE}),
    "tasks:manage": frozenset(Action),
}
"""Scopes that narrow a token. One without any of them may do what its user may."""


class Grants(Struct, frozen=True):
    """What a token lets do at most, whatever its user may do. Empty: no limit.

    entities, branches: what it may write. session_id, source: what its events say, whatever a request says.
    """

    actions: frozenset[Action] = frozenset(Action)
    entities: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()
    session_id: str = ""
    source: str = ""


ALL: Final = Grants()


class Principal(Struct, frozen=True):
    """A caller whose token was verified. projects: ids, or `*` for all. Times: ms since 1970. token_id: its `jti`, if it has one."""

    subject: str
    projects: frozenset[str]
    scopes: frozenset[str] = frozenset()
    expires_ms: int = 0
    issued_ms: int = 0
    token_id: str = ""
    grants: Grants = ALL


class Members(Protocol):
    """What the log says of users; the replica is one."""

    def standing(self, project_id: str, user_id: str) -> Standing | None:
        """Return what the log says of a user in a project; None: it never named the user."""

    def owned(self, project_id: str) -> bool:
        """Return whether the log names an owner of the project."""

    def live(self, project_id: str) -> bool:
        """Return whether there is such a project, not deleted."""

    def projects(self) -> Iterable[str]:
        """Return the projects that are not deleted."""

    def projects_of(self, user_id: str) -> Iterable[str]:
        """Return the projects, deleted or not, of which the log says something of this user."""

    def task_place(self, project_id: str, task_id: str) -> tuple[str, int] | None:
        """Return (branch, stamp) of a task, the branch "" when it is deleted; None: there was never one."""


def role(text: str) -> Standing:
    """Return the standing that a role in a `member` row gives: a role that is not known here may look, and no more."""
    return Standing(text) if text in {Standing.OWNER, Standing.EDITOR} else Standing.VIEWER


def authorize(principal: Principal, action: Action, project_id: str, members: Members) -> bool:
    """Return whether the caller may do this to this project.

    Nobody may do what the token does not grant. The admin scope may do all the rest. Else the log decides where it names the user, and
    the token's projects where it does not: they let read and write, and manage only what has no owner yet.
    """
    if action not in principal.grants.actions:
        return False
    if ADMIN in principal.scopes:
        return True
    standing = members.standing(project_id, principal.subject)
    if standing is not None:
        return action in RIGHTS[standing]
    if EVERY_PROJECT not in principal.projects and project_id not in principal.projects:
        return False
    return action in _CLAIMED or not members.owned(project_id)


def refusal(principal: Principal, action: Action, project_id: str, members: Members) -> Problem | None:
    """Return why the caller may not do this, or None. Whoever may not read a project is not told that there is one."""
    if authorize(principal, action, project_id, members):
        return None
    if authorize(principal, Action.READ, project_id, members):
        who = "your role in" if action in principal.grants.actions else "this token for"
        return Problem(FORBIDDEN, f"{who} project {project_id} does not allow this")
    return Problem(UNKNOWN_PROJECT, f"project {project_id}")


def readable(principal: Principal, members: Members) -> list[str]:
    """Return the projects that are not deleted and that the caller may read, in order. Looks only at those that can be."""
    found: Iterable[str]
    if ADMIN in principal.scopes or EVERY_PROJECT in principal.projects:
        found = members.projects()
    else:
        named = principal.projects.union(members.projects_of(principal.subject))
        found = (project_id for project_id in named if members.live(project_id))
    return sorted(project_id for project_id in found if authorize(principal, Action.READ, project_id, members))


def may_act_as(principal: Principal, user_id: str) -> bool:
    """Return whether the caller may act for this user: for itself always, for others with the admin scope."""
    return user_id == principal.subject or ADMIN in principal.scopes
