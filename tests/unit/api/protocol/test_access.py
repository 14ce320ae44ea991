"""Who may do what."""

from api.protocol.access import Action, Principal, authorize, may_act_as


def test_rights_come_from_the_token() -> None:
    """Listed projects or all; nobody acts for others without the admin scope."""
    some, every = Principal("u", frozenset({"p"})), Principal("a", frozenset({"*"}), frozenset({"admin"}))
    assert [authorize(some, action, "p") for action in Action] == [True, True]
    assert not authorize(some, Action.READ, "q")
    assert authorize(every, Action.WRITE, "q")
    assert [may_act_as(some, "u"), may_act_as(some, "v"), may_act_as(every, "v")] == [True, False, True]
