"""Asks the edge for everything in one call, as a page does, until its answer includes the recount. Shell around httpx."""

import time
from typing import Any, Final

import httpx

from schemas.failure import Failure

PATH: Final = "/api/v2/branches/summaries/bulk"
_TIMEOUT_S: Final = 60.0
_RETRY_S: Final = 0.25
_TOO_MANY: Final = 429


class Edge:
    """One edge and a token that may read every project. Raises `Failure` when it does not answer as it should."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    def bulk(self, through: dict[str, int], wait_s: float) -> dict[str, Any]:
        """Return an answer that includes every project up to its offset in `through`, waiting for it at most `wait_s` seconds."""
        deadline = time.monotonic() + wait_s
        while True:
            answer = self._ask()
            positions = answer["metadata"]["positions"]
            behind = [one for one, end in through.items() if one in positions and positions[one]["position"]["offset"] < end]
            if not behind:
                return answer
            if time.monotonic() > deadline:
                raise Failure(f"The edge at {self._url} is behind: its answer does not include all of project {behind[0]} yet.")
            time.sleep(_RETRY_S)

    def _ask(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        body = {"include_archived": True, "force_refresh": True}
        try:
            response = httpx.post(f"{self._url}{PATH}", json=body, headers=headers, timeout=_TIMEOUT_S, trust_env=False)
            while response.status_code == _TOO_MANY:
                time.sleep(float(response.headers.get("Retry-After", "1")))
                response = httpx.post(f"{self._url}{PATH}", json=body, headers=headers, timeout=_TIMEOUT_S, trust_env=False)
        except httpx.HTTPError as error:
            raise Failure(
                f"No edge answers at {self._url} ({type(error).__name__}): start one with `anabranch edge`, or name one by --url."
            ) from None
        if response.status_code != httpx.codes.OK:
            raise Failure(f"The edge at {self._url} answers {response.status_code} to the bulk call: {response.text[:200]}")
        answer: dict[str, Any] = response.json()
        return answer
