"""Each judgement of `anabranch doctor` can fail, and says what to do when it does."""

from dataclasses import replace
from typing import Final

import pytest

from broker.group import Group, Member
from broker.rights import Rights
from broker.roles import Operation, Role, load_roles
from broker.topics import Configure, Create, Keep, Refuse, Topic
from cli.operate import findings
from cli.operate.doctor import Role as RoleName
from cli.operate.doctor import lines_of, role_of
from cli.operate.findings import MIB, Finding
from schemas.topics import TASK_CHANGES, TASK_STATE, TOPICS

ALL: Final[frozenset[Operation]] = frozenset({"Read", "Write", "Create", "Describe", "DescribeConfigs", "AlterConfigs"})
RIGHTS = Rights(dict.fromkeys(TOPICS, ALL), ALL, ALL, 1, recent=True)
ROLES = load_roles()
GROUP = Group("anabranch", "Stable", (Member("m", "h", frozenset({0})),), {0: 0}, {0: 10}, {0: 8}, 1)


def levels(*found: Finding) -> list[str]:
    """Return the levels; every fault and warning must say what to do."""
    assert all(one.do for one in found if one.level != "ok")
    return [one.level for one in found]


def test_old_brokers_are_a_fault() -> None:
    """Nothing older than 3.9 is tested."""
    assert levels(findings.of_version(RIGHTS, "k:1"), findings.of_version(replace(RIGHTS, recent=False), "k:1")) == ["ok", "fail"]


def test_topics_that_are_not_as_wanted_are_faults() -> None:
    """Missing, set up otherwise, or of another size."""
    found = findings.of_topics([Create(Topic("a", 4, 1)), Configure("b", {"x": ("1", "2")}), Refuse("c", "c has 3."), Keep("d")], "dev")
    assert levels(*found) == ["fail", "fail", "fail"]
    assert levels(*findings.of_topics([Keep("d")], "dev")) == ["ok"]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_missing_rights_are_named(role: Role) -> None:
    """Those of topics and of the group, by the role that was asked for; a topic that does not exist is no question of rights."""
    (fine,) = findings.of_rights(RIGHTS, role)
    assert fine.level == "ok"
    assert f"the {role.name} must: " in fine.what
    assert TASK_CHANGES in fine.what
    poor = replace(RIGHTS, topics={TASK_CHANGES: frozenset(), TASK_STATE: frozenset()}, group=frozenset())
    found = findings.of_rights(poor, role)
    assert set(levels(*found)) == {"fail"}
    assert len(found) == len([right for right in role.rights if right.kind == "group" or right.name in poor.topics])
    assert TASK_CHANGES in found[0].what
    assert findings.may_make_topics(RIGHTS)
    assert not findings.may_make_topics(replace(RIGHTS, cluster=frozenset()))


def test_verbs_make_a_sentence() -> None:
    """Kafka's words stand only in what is to be done."""
    (operator,) = (role for role in ROLES if role.name == "operator")
    poor = replace(RIGHTS, topics=RIGHTS.topics | {TASK_STATE: frozenset[Operation]({"Read"})})
    (found,) = findings.of_rights(poor, operator)
    assert found.what == "This user may not create, alter the settings of and write task-state; the operator must."
    assert "Create, AlterConfigs, Write" in found.do


def test_what_a_user_may_not_look_at_is_no_fault() -> None:
    """It is said that it was not checked."""
    assert [findings.of_withheld(check, RIGHTS) for check in findings.LOOKS] == [None] * len(findings.LOOKS)
    poor = replace(RIGHTS, topics=dict.fromkeys(TOPICS, frozenset[Operation]()), group=frozenset())
    found = [findings.of_withheld(check, poor) for check in findings.LOOKS]
    assert levels(*filter(None, found)) == ["warn"] * len(findings.LOOKS)


def test_the_role_is_that_of_the_users_name() -> None:
    """Every role of roles.yaml can be asked for; whoever has a name of its own is taken for a worker."""
    assert [str(role) for role in RoleName] == [role.name for role in ROLES]
    assert [role_of(role.user) for role in ROLES] == [role.name for role in ROLES]
    assert role_of("ann") == role_of(None) == "worker"


def test_lag_without_a_worker_or_beyond_the_limit_is_a_fault() -> None:
    """No worker and nothing to do is a warning."""
    empty = replace(GROUP, members=())
    assert levels(findings.of_lag(GROUP, 2), findings.of_lag(GROUP, 1), findings.of_lag(empty, 5)) == ["ok", "fail", "fail"]
    assert levels(findings.of_lag(replace(empty, committed={0: 10}), 5)) == ["warn"]


def test_a_log_that_forgets_is_a_fault() -> None:
    """Whether it has lost what nobody has read, its beginning only, or will."""
    assert levels(*findings.of_history(GROUP, -1)) == ["ok"]
    assert levels(*findings.of_history(GROUP, 86_400_000)) == ["fail"]
    assert levels(*findings.of_history(replace(GROUP, begins={0: 5}), -1)) == ["fail"]
    assert levels(*findings.of_history(replace(GROUP, begins={0: 9}), -1)) == ["fail", "fail"]


def test_disk_clock_files_letters_and_secrets() -> None:
    """Each has its limit."""
    assert levels(findings.of_letters(3, 0), findings.of_letters(3, 1)) == ["ok", "fail"]
    disks = [findings.of_disk("d", free * MIB, 10_000 * MIB, 512) for free in (5_000, 1_000, 400)]
    assert levels(*disks) == ["ok", "warn", "fail"]
    assert levels(findings.of_disk("d", 2_000 * MIB, 100_000 * MIB, 512)) == ["fail"]
    assert levels(findings.of_clock(900, 1_000), findings.of_clock(-1_100, 1_000)) == ["ok", "fail"]
    assert levels(findings.of_files(1_024, 4_096), findings.of_files(4_096, 4_096)) == ["fail", "ok"]
    secrets = [findings.of_secret("s", mode, owner_is_us=ours) for mode, ours in ((0o100600, True), (0o100640, True), (0o100600, False))]
    assert levels(*secrets) == ["ok", "fail", "warn"]


def test_lines_count_what_is_wrong() -> None:
    """With what to do below each."""
    assert lines_of([Finding("a", "ok", "Fine.")])[-1] == "No fault found."
    lines = lines_of([Finding("a", "fail", "Bad.", "Mend it."), Finding("b", "warn", "So so.", "Look.")])
    assert lines[1].strip() == "→ Mend it."
    assert lines[-1] == "1 fault, 1 warning."
