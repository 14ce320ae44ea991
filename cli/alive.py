"""`python -m cli.alive [PORT]`: ends with 0 when the worker or edge of this machine says that it lives. For health checks of containers.

Imports nothing of ours, because it runs every few seconds. PORT: the private port, by default that of ANABRANCH_PRIVATE_PORT.
"""

import http.client
import os
import sys
from typing import Final

_TIMEOUT_S: Final = 3.0


def alive(port: int) -> bool:
    """Return whether /healthz on the private port answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if alive(int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ANABRANCH_PRIVATE_PORT", "0"))) else 1)
