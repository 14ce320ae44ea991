"""Who is a member of what, from the `member` rows: the newest row of a member wins, and the end of a project ends all memberships."""

from typing import Final

from msgspec import Struct

from api.protocol.access import Standing, role

_RANK: Final = {standing: rank for rank, standing in enumerate(Standing)}
_NEVER: Final = -1


class MemberRow(Struct, frozen=True):
    """What a `member` row says. user_id: empty in the row of a member that was removed. role: as the row has it."""

    id: str
    stamp: int
    user_id: str = ""
    role: str = ""
    deleted: bool = False


class Seat(Struct, frozen=True):
    """What one row gave or took from one user."""

    stamp: int
    standing: Standing


class Members:
    """Standings by project and user. A user may have several rows: the best one counts."""

    def __init__(self) -> None:
        self._seats: dict[str, dict[str, dict[str, Seat]]] = {}
        self._projects: dict[str, set[str]] = {}
        self._ended: dict[str, int] = {}

    def put(self, project_id: str, row: MemberRow) -> set[str]:
        """Take a row in unless it is known or older; returns the users of whom it says something new."""
        users = self._seats.setdefault(project_id, {})
        named = {user for user, seats in users.items() if row.id in seats}
        if any(users[user][row.id].stamp >= row.stamp for user in named):
            return set()
        holder = row.user_id or row.id
        for user in named | ({holder} if not (row.deleted and named) else set()):
            standing = role(row.role) if user == holder and not row.deleted else Standing.REMOVED
            users.setdefault(user, {})[row.id] = Seat(row.stamp, standing)
            self._projects.setdefault(user, set()).add(project_id)
            named.add(user)
        return named

    def remove(self, project_id: str, row_id: str) -> None:
        """Forget a row that left `task-state`."""
        users = self._seats.get(project_id, {})
        for user in [user for user, seats in users.items() if row_id in seats]:
            del users[user][row_id]
            if not users[user]:
                del users[user]
                self._projects[user].discard(project_id)

    def stamps(self, project_id: str) -> dict[str, int]:
        """Return the stamp of every row of a project, tombstones too."""
        return {row_id: seat.stamp for seats in self._seats.get(project_id, {}).values() for row_id, seat in seats.items()}

    def mend(self, project_id: str, right: "Members", through: int) -> set[str]:
        """Put rows that were read again in place of those that differ; returns the users of whom they do. through: up to where they go."""
        ours, theirs = (members._seats.get(project_id, {}) for members in (self, right))  # noqa: SLF001  because it is of our kind
        self.end(project_id, right._ended.get(project_id, _NEVER))  # noqa: SLF001  the same
        newer = {row_id for row_id, stamp in self.stamps(project_id).items() if stamp >= through}
        wanted = {
            user: {row_id: seat for row_id, seat in theirs.get(user, {}).items() if row_id not in newer}
            | {row_id: seat for row_id, seat in ours.get(user, {}).items() if row_id in newer}
            for user in ours.keys() | theirs.keys()
        }
        changed = {user for user, seats in wanted.items() if seats != ours.get(user, {})}
        if changed:
            self._seats[project_id] = {user: seats for user, seats in wanted.items() if seats}
        for user in changed:
            self._projects.setdefault(user, set()).discard(project_id)
            if wanted[user]:
                self._projects[user].add(project_id)
        return changed

    def end(self, project_id: str, stamp: int) -> None:
        """Note that the project was deleted by the event of this stamp."""
        self._ended[project_id] = max(stamp, self._ended.get(project_id, _NEVER))

    def standing(self, project_id: str, user_id: str, *, deleted: bool) -> Standing | None:
        """Return what the rows say of a user. deleted: the project is gone; whoever was a member until then may see its end."""
        seats = self._seats.get(project_id, {}).get(user_id)
        if not seats:
            return None
        ended = self._ended.get(project_id, _NEVER)
        judge = _at_the_end if deleted else _now
        return min((judge(seat, ended) for seat in seats.values()), key=_RANK.__getitem__)

    def owned(self, project_id: str) -> bool:
        """Return whether some user is an owner now."""
        ended = self._ended.get(project_id, _NEVER)
        users = self._seats.get(project_id, {}).values()
        return any(_now(seat, ended) is Standing.OWNER for seats in users for seat in seats.values())

    def projects_of(self, user_id: str) -> set[str]:
        """Return the projects whose rows name this user."""
        return self._projects.get(user_id, set())


def _now(seat: Seat, ended: int) -> Standing:
    return seat.standing if seat.stamp > ended else Standing.REMOVED


def _at_the_end(seat: Seat, ended: int) -> Standing:
    removed_before = seat.standing is Standing.REMOVED and seat.stamp < ended
    return Standing.REMOVED if removed_before else Standing.VIEWER
