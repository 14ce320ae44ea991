"""`anabranch validate`: what `anabranch publish` would refuse, and why."""

import asyncio

from cli.options import Json
from cli.publish import File, finish, opened, silent, tell
from connectors import feed


def validate(file: File = "-", *, as_json: Json = False) -> None:
    """Judge events, one JSON object a line, and send nothing. The exit code is 1 when a line would be refused."""
    with opened(file) as descriptor:
        outcome = asyncio.run(feed.validate(descriptor, silent if as_json else tell))
    finish(outcome, "could be sent", as_json=as_json)
