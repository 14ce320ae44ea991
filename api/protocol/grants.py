"""What a narrowed token may write: entities, branches, and the session and source that its events carry."""

from msgspec import UNSET
from msgspec.structs import replace

from api.protocol.access import Grants, Members
from api.protocol.requests import ChangeRequest
from schemas.problems import FORBIDDEN, Problem

_TASK = "task"


def narrowed(request: ChangeRequest, grants: Grants, members: Members) -> ChangeRequest | Problem:
    """Return the request as this token may make it, or why it may not.

    Where only some branches may be written, a change of a task holds for the task as the edge sees it (`if_stamp`): one that somebody
    moves meanwhile is not touched.
    """
    if grants.entities and request.entity not in grants.entities:
        return Problem(FORBIDDEN, f"this token writes only {', '.join(sorted(grants.entities))}")
    if grants.session_id and request.session_id not in {None, grants.session_id}:
        return Problem(FORBIDDEN, f"this token writes only as session {grants.session_id}")
    session = grants.session_id or request.session_id
    if not grants.branches:
        return replace(request, session_id=session)
    stamp = _within(request, grants, members)
    return stamp if isinstance(stamp, Problem) else replace(request, session_id=session, if_stamp=stamp)


def _within(request: ChangeRequest, grants: Grants, members: Members) -> int | None | Problem:
    """Return the condition under which a change stays in the token's branches, or why it leaves them."""
    allowed = ", ".join(sorted(grants.branches))
    outside = Problem(FORBIDDEN, f"this token writes only tasks of {allowed}")
    named = {branch for branch in _named(request) if branch}
    if request.entity != _TASK or not named <= grants.branches:
        return outside
    place = members.task_place(request.project_id, request.entity_id)
    if place is None:
        return request.if_stamp if named else outside
    branch, stamp = place
    if branch not in grants.branches and (branch or not named):
        return outside
    return stamp if request.if_stamp is None else request.if_stamp


def _named(request: ChangeRequest) -> list[str | None]:
    data = request.data
    inner = [] if data is None else [None if value is UNSET else value for value in (data.branch_id, data.git_branch_id)]
    return [request.branch_id, request.git_branch_id, *inner]
