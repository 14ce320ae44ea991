"""The frames that the protocol page shows are frames of the public contract."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from schemas.contract import ClientFrame, ServerFrame

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "protocol.md"
BLOCK: Final = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


def frames(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects of a page's blocks."""
    found = []
    for block in BLOCK.findall(text):
        rest = block.strip()
        while rest:
            frame, end = json.JSONDecoder().raw_decode(rest)
            found.append(frame)
            rest = rest[end:].strip()
    return found


def shortened(frame: dict[str, Any]) -> bool:
    """Return whether an example leaves something out, or says only what every frame has."""
    return '"…"' in json.dumps(frame, ensure_ascii=False) or frame["payload"].get("data") == {}


SHOWN: Final = [frame for frame in frames(PAGE.read_text()) if not shortened(frame)]
SENT: Final = [frame for frame in SHOWN if "sequence" in frame]
TAKEN: Final = [frame for frame in SHOWN if "sequence" not in frame]


def name(frame: dict[str, Any]) -> str:
    """Return what a frame is."""
    return f"{frame['type']}-{frame['payload']['action']}"


@pytest.mark.parametrize("frame", SENT, ids=name)
def test_frames_from_the_edge(frame: dict[str, Any]) -> None:
    """Each example is a ServerFrame."""
    TypeAdapter[Any](ServerFrame).validate_python(frame)


@pytest.mark.parametrize("frame", TAKEN, ids=name)
def test_frames_from_the_client(frame: dict[str, Any]) -> None:
    """Each example is a ClientFrame."""
    TypeAdapter[Any](ClientFrame).validate_python(frame)
