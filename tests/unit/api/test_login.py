"""One-time codes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from api.login import LIFE_S, MAX_CODES, LoginCodes


def test_a_code_works_once_and_not_for_ever(tmp_path: Path) -> None:
    """Unknown, used and old codes give nothing; there is a bound on how many wait."""
    now = [0.0]
    codes = LoginCodes(tmp_path / "codes", lambda: now[0])
    assert codes.take("before there are any") is None
    code, grant = codes.make("u", ["p"], 60)
    assert codes.take("other") is None
    assert codes.take(code) == grant
    assert codes.take(code) is None
    old, _ = codes.make("u", ["p"], 60)
    now[0] = LIFE_S
    assert codes.take(old) is None
    many = []
    for number in range(MAX_CODES + 1):
        now[0] += 0.001
        many.append(codes.make("u", [], number)[0])
    assert codes.take(many[0]) is None
    assert codes.take(many[1]) is not None


def test_every_edge_on_the_directory_takes_a_code_and_only_one_does(tmp_path: Path) -> None:
    """Whoever made it; the code itself is nowhere on the disk, and what is there is for nobody else's eyes."""
    made_by, *others = (LoginCodes(tmp_path, lambda: 0.0) for _ in range(9))
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            code, grant = made_by.make("u", ["p"], 60)
            (path,) = tmp_path.iterdir()
            assert (code in path.name, code.encode() in path.read_bytes(), path.stat().st_mode & 0o077) == (False, False, 0)
            taken = [found for found in pool.map(lambda codes: codes.take(code), others) if found is not None]  # noqa: B023  done in this turn
            assert taken == [grant]
