"""What the page may ask of the server: to be let in, other settings, and the camera's frames."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from elseface.common.anonymizer import Anonymizer
from elseface.common.errors import ElsefaceError
from elseface.scripts.release.verify import Verifier
from elseface.scripts.serving.access import Computing, Own, cookie_name
from elseface.scripts.serving.camera import Live
from elseface.scripts.serving.guard import Guard
from elseface.scripts.serving.photo_routes import described, router
from elseface.scripts.serving.pictures import MAX_BYTES
from elseface.scripts.serving.rendering import Renderer
from elseface.scripts.serving.sessions import Sessions
from elseface.scripts.serving.settings import Settings, offers
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

#: Seconds between two looks for sessions that are idle.
SWEEP = 60


class Entry(BaseModel):
    """What a browser shows to be let in."""

    token: str = ""


def create_app(
    anonymizer_for: Callable[[Settings], Anonymizer],
    verifier: Verifier,
    host: str,
    token: str = "",
    sessions: Sessions | None = None,
) -> FastAPI:
    """The application.

    Parameters
    ----------
    anonymizer_for : gives the anonymizer of settings
    verifier : looks at every photo before it is given out; the camera's pictures it is too slow for
    host : what it is served on
    token : without it nobody gets a session; "": everybody does
    sessions : by default new ones
    """
    sessions = Sessions() if sessions is None else sessions

    @contextlib.asynccontextmanager
    async def sweeping(app: FastAPI) -> AsyncIterator[None]:
        async def sweep() -> None:  # also where nobody asks for anything any more
            while True:
                await asyncio.sleep(SWEEP)
                sessions.sweep()

        task = asyncio.create_task(sweep())
        yield
        task.cancel()

    app = FastAPI(openapi_url=None, lifespan=sweeping)
    app.add_middleware(Guard, host=host)
    app.state.sessions = sessions
    app.state.renderer = Renderer(anonymizer_for, verifier)

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=400)  # to nobody: the page was closed amid an upload

    @app.exception_handler(ElsefaceError)
    async def mistake(request: Request, error: ElsefaceError) -> Response:
        return JSONResponse({"detail": str(error)}, 422)

    @app.post("/api/session")
    async def start(request: Request, response: Response, entry: Entry) -> dict[str, Any]:
        name = cookie_name(request)
        session = sessions.get(request.cookies.get(name, ""))
        if session is None:
            if not secrets.compare_digest(entry.token.encode(), token.encode()):
                raise HTTPException(401, "wrong token" if entry.token else "needs the token")
            key = sessions.start()
            session = sessions.get(key)
            response.set_cookie(name, key, path="/api", httponly=True, samesite="strict")
        return {
            **offers(),
            "largest": MAX_BYTES,
            "settings": session.settings,
            "pictures": [described(id, picture) for id, picture in session.pictures.items()],
        }

    @app.delete("/api/session", status_code=204)
    async def forget(request: Request, response: Response, session: Own) -> None:
        sessions.forget(request.cookies[cookie_name(request)])
        response.delete_cookie(cookie_name(request), path="/api")

    @app.put("/api/settings")
    async def choose(session: Own, settings: Settings) -> Settings:
        session.settings = settings.checked()
        return session.settings

    @app.post("/api/camera")
    async def frame(request: Request, session: Own, renderer: Computing) -> Response:
        data = await request.body()
        async with session.turn:
            if session.live is None or session.settings is not session.live_under:
                anonymizer = anonymizer_for(session.settings)
                words = session.settings.words
                session.live = Live(anonymizer, secrets.randbelow(2**32), words)
                session.live_under = session.settings
            shown = await renderer.run(session.live.add, data)
        if shown is None:
            return Response(status_code=204)
        headers = {"X-Faces": str(shown.faces), "X-Covered": str(int(shown.covered))}
        return Response(shown.data, media_type="image/jpeg", headers=headers)

    @app.delete("/api/camera", status_code=204)
    async def another(session: Own) -> None:
        async with session.turn:
            session.live = None

    app.include_router(router)
    app.mount("/", StaticFiles(directory=Path(__file__).parent / "static", html=True))
    return app
