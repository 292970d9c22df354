"""What keeps other websites, other computers and oversized requests out, before anything runs."""

from __future__ import annotations

from urllib.parse import urlsplit

from elseface.scripts.serving.camera import FRAME_BYTES
from elseface.scripts.serving.hosts import is_served
from elseface.scripts.serving.pictures import MAX_BYTES
from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Largest body of a request, in bytes; what is not named is JSON of a few words.
BODIES = {"/api/pictures": MAX_BYTES, "/api/camera": FRAME_BYTES}
SMALL_BODY = 64 * 2**10

#: Nothing is kept by the browser; nothing is loaded from, shown in or sent to another site.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """ASGI middleware.

    Parameters
    ----------
    app : what is guarded
    host : the host that is served, see :func:`is_served`
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        limit = BODIES.get(scope["path"], SMALL_BODY)
        if refused := self._refusal(headers, scope["path"], limit):
            status, detail = refused
            await JSONResponse({"detail": detail}, status)(scope, receive, dressed)
            return
        await self._app(scope, _limited(receive, limit), dressed)

    def _refusal(self, headers: Headers, path: str, limit: int) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not is_served(host, self._host):
            return 421, "this address is not served here"
        if path.startswith("/api"):
            # A browser says where a request comes from; other sites have no business here.
            origin = headers.get("origin")
            if origin is not None and urlsplit(origin).netloc != host:
                return 403, "comes from another site"
            if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return 403, "comes from another site"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            return 413, too_large(limit)
        return None


def too_large(limit: int) -> str:
    """What is said of a body of more bytes."""
    return f"too large; at most {limit // 2**20} MB" if limit >= 2**20 else "too large"


def _limited(receive: Receive, limit: int) -> Receive:
    """A body of unknown length is cut off where it becomes too long."""
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, too_large(limit))
        return message

    return counted
