"""One-time codes."""

from api.login import LIFE_S, MAX_CODES, LoginCodes


def test_a_code_works_once_and_not_for_ever() -> None:
    """Unknown, used and old codes give nothing; there is a bound on how many wait."""
    now = [0.0]
    codes = LoginCodes(lambda: now[0])
    code, grant = codes.make("u", ["p"], 60)
    assert codes.take("other") is None
    assert codes.take(code) == grant
    assert codes.take(code) is None
    old, _ = codes.make("u", ["p"], 60)
    now[0] = LIFE_S
    assert codes.take(old) is None
    many = [codes.make("u", [], 1)[0] for _ in range(MAX_CODES + 1)]
    assert codes.take(many[0]) is None
    assert codes.take(many[1]) is not None
