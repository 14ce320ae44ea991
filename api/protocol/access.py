"""Who may do what: the one place that decides it, for every route, subscription, resume and write."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

ADMIN: Final = "admin"
SOURCE: Final = "source"
EVERY_PROJECT: Final = "*"


class Action(StrEnum):
    """What a caller wants to do with a project."""

    READ = "read"
    WRITE = "write"


class Principal(Struct, frozen=True):
    """A caller whose token was verified. projects: ids, or `*` for all. expires_ms: end of the token (ms since 1970)."""

    subject: str
    projects: frozenset[str]
    scopes: frozenset[str] = frozenset()
    expires_ms: int = 0


def authorize(principal: Principal, action: Action, project_id: str) -> bool:
    """Return whether the caller may do this to this project: whoever may read one may write to it."""
    return action in Action and (EVERY_PROJECT in principal.projects or project_id in principal.projects)


def may_act_as(principal: Principal, user_id: str) -> bool:
    """Return whether the caller may act for this user: for itself always, for others with the admin scope."""
    return user_id == principal.subject or ADMIN in principal.scopes
