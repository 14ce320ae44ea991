"""Secrets of a development instance, kept in its data directory and readable by its user only."""

import os
import secrets
import tempfile
from pathlib import Path

from schemas.failure import Failure

_SECRET_BYTES = 48
_MIN_CHARS = 32


def jwt_secret(data: Path) -> str:
    """Return the key that signs development tokens (HS256), at least 32 characters; made on demand, with mode 0600.

    Several processes may ask at once: all get the same one. Raises `Failure` when the file cannot be used.
    """
    path = data / "secrets" / "jwt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create(path)
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Failure(f"The token secret {path} cannot be read or written ({error.strerror}): mend it or choose another --data.") from None
    if len(secret) < _MIN_CHARS:
        raise Failure(f"The token secret {path} is shorter than {_MIN_CHARS} characters: delete it and a new one is made.")
    return secret


def _create(path: Path) -> None:
    """Write a new secret unless there is one. A link makes it appear whole: no process reads half a secret."""
    if path.exists():
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".jwt.")  # mkstemp gives mode 0600
    temporary = Path(name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(_SECRET_BYTES) + "\n")
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass  # another process was first: its secret holds
    finally:
        temporary.unlink()
