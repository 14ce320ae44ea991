"""What one session did in the end, and taking it back."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api.edge import Edge
from api.undoing import Asker, receipt, undo
from schemas.http import ReceiptAnswer, UndoneAnswer
from schemas.topics import MAX_ID_CHARS

_encode = msgspec.json.Encoder().encode
_HEADERS = {"Cache-Control": "private, no-store"}
Project = Annotated[
    str | None, Query(max_length=MAX_ID_CHARS, description="Only this project; without it all that the caller may read are looked through.")
]


def router(edge: Edge) -> APIRouter:
    """Return the routes of receipts."""
    routes = APIRouter(prefix="/api/v2/sessions", tags=["sessions"])

    @routes.get("/{session_id:path}/receipt", responses={200: {"model": ReceiptAnswer}})
    async def told(request: Request, session_id: str, project_id: Project = None) -> Response:
        """Return the net effect of a session, read from the log, and its inverse as changes that hold only where nobody came since."""
        answer = await receipt(edge, await edge.caller(request), session_id, project_id)
        return Response(_encode(answer), media_type="application/json", headers=_HEADERS)

    @routes.post("/{session_id:path}/undo", responses={200: {"model": UndoneAnswer}})
    async def undone(request: Request, session_id: str, project_id: Project = None) -> Response:
        """Take back what a session did, except rows that others changed since. Asking again changes nothing more."""
        answer = await undo(edge, Asker(await edge.caller(request)), session_id, project_id)
        return Response(_encode(answer), media_type="application/json", headers=_HEADERS)

    return routes
