"""What the commands that start a long-lived process check before they start it."""

import os

from cli.environment import refuse_unknown
from cli.options import Client


def check_environment() -> None:
    """Raise `UsageFailure` when the environment holds an ANABRANCH_ name that no process knows."""
    from api.settings import EdgeSettings  # noqa: PLC0415  because only these commands need the settings of both
    from streams.settings import WorkerSettings  # noqa: PLC0415  with it

    refuse_unknown(os.environ, (Client, EdgeSettings, WorkerSettings))
