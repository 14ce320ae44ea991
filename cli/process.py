"""What the commands that start a long-lived process do before they start it."""

import os

import structlog

from cli.environment import refuse_unknown
from cli.options import Client


def check_environment() -> None:
    """Raise `UsageFailure` when the environment holds an ANABRANCH_ name that no process knows."""
    from api.settings import EdgeSettings  # noqa: PLC0415  because only these commands need the settings of both
    from streams.settings import WorkerSettings  # noqa: PLC0415  with it

    refuse_unknown(os.environ, (Client, EdgeSettings, WorkerSettings))


def prepare_process(*, as_json: bool) -> None:
    """Check the environment, and choose how the process logs: lines for people, or one JSON object a line."""
    check_environment()
    if as_json:
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
        structlog.configure(processors=[structlog.stdlib.add_log_level, stamp, structlog.processors.JSONRenderer()])
