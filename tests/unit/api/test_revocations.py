"""The file of revocations, and who follows it."""

import asyncio
from pathlib import Path

from api.protocol.access import Principal
from api.revocations import Revocations, watch


def revoked(revocations: Revocations, user: str = "u", issued_s: int = 100, token_id: str = "") -> bool:
    """Return whether such a token is revoked."""
    return revocations.refusal(Principal(user, frozenset(), issued_ms=issued_s * 1000, token_id=token_id)) is not None


def test_lines_name_tokens_and_users() -> None:
    """The latest time of a user holds; wrong lines switch nothing off; a token without an id is not meant by any."""
    revocations = Revocations()
    revocations.load(f"# why\n\n jti a \njti\nsub u 99\nsub u 50\nsub v\nsub w soon\nsub w {'9' * 5000}\nnonsense here\n")
    assert revocations.wrong == 4
    assert [revoked(revocations, token_id=name) for name in ("a", "b", "")] == [True, False, False]
    assert [revoked(revocations, issued_s=time) for time in (98, 99, 100)] == [True, True, False]
    assert [revoked(revocations, user) for user in "vwx"] == [True, False, False]
    revocations.load("")
    assert not revoked(revocations, "v")


STEPS = ((b"jti a\n", True), (b"jti bcd\n", False), (b"\xff\xff\xff", False), (b"jti a # x\njti a\n", True), (None, False))


async def test_the_file_is_followed(tmp_path: Path) -> None:
    """It may come, change, become unreadable, and go."""
    path, revocations, changes = tmp_path / "revoked", Revocations(), asyncio.Event()
    following = asyncio.create_task(watch(path, revocations, 0.01, changes.set))
    try:
        for text, holds in STEPS:
            if text is None:
                path.unlink()
            else:
                path.write_bytes(text)
            if text == b"\xff\xff\xff":
                await asyncio.sleep(0.05)
            async with asyncio.timeout(20):
                while revoked(revocations, token_id="a") is not holds:  # noqa: S106  it is a name, no password
                    changes.clear()  # what was found may be a file of which nothing is written yet
                    await changes.wait()
    finally:
        following.cancel()
