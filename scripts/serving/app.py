"""What the page may ask of the server.  Every picture is looked up in the asker's own session."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from elseface.common.anonymizer import Anonymizer
from elseface.common.errors import ElsefaceError
from elseface.scripts.serving.camera import anonymize_frame
from elseface.scripts.serving.guard import Guard
from elseface.scripts.serving.pictures import MAX_BYTES, MAX_PIXELS, Picture, face_by_hand, take
from elseface.scripts.serving.rendering import Renderer, archive
from elseface.scripts.serving.sessions import Session, Sessions
from elseface.scripts.serving.settings import Settings, offers
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

#: Seconds between two looks for sessions that are idle.
SWEEP = 60


class Entry(BaseModel):
    """What a browser shows to be let in."""

    token: str = ""


class Choice(BaseModel):
    """What is to become of one picture; what is None stays."""

    model_config = ConfigDict(extra="forbid")

    kept: frozenset[int] | None = None
    seed: int | None = Field(None, ge=0, lt=2**32)
    unchanged: bool | None = None


class Drawn(BaseModel):
    """A box somebody drew: (left, top, right, bottom) in pixels of the upright picture."""

    box: tuple[int, int, int, int]


def _session(request: Request) -> Session:
    session = request.app.state.sessions.get(request.cookies.get(_cookie(request), ""))
    if session is None:
        raise HTTPException(401, "no session, or forgotten after an hour without use")
    return session


Own = Annotated[Session, Depends(_session)]


def create_app(
    anonymizer_for: Callable[[Settings], Anonymizer],
    host: str,
    token: str = "",
    sessions: Sessions | None = None,
) -> FastAPI:
    """The application.

    Parameters
    ----------
    anonymizer_for : gives the anonymizer of settings
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
    renderer = Renderer(anonymizer_for)

    app.state.sessions = sessions

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=400)  # to nobody: the page was closed amid an upload

    @app.exception_handler(ElsefaceError)
    async def mistake(request: Request, error: ElsefaceError) -> Response:
        return JSONResponse({"detail": str(error)}, 422)

    @app.post("/api/session")
    async def start(request: Request, response: Response, entry: Entry) -> dict[str, Any]:
        name = _cookie(request)
        session = sessions.get(request.cookies.get(name, ""))
        if session is None:
            if not secrets.compare_digest(entry.token.encode(), token.encode()):
                raise HTTPException(401, "wrong token" if entry.token else "needs the token")
            key = sessions.start()
            session = sessions.get(key)
            response.set_cookie(name, key, path="/api", httponly=True, samesite="strict")
        return {
            **offers(),
            "limits": {"bytes": MAX_BYTES, "pixels": MAX_PIXELS},
            "settings": session.settings,
            "pictures": [_told(id, picture) for id, picture in session.pictures.items()],
        }

    @app.delete("/api/session", status_code=204)
    async def forget(request: Request, response: Response, session: Own) -> None:
        sessions.forget(request.cookies[_cookie(request)])
        response.delete_cookie(_cookie(request), path="/api")

    @app.put("/api/settings")
    async def choose(session: Own, settings: Settings) -> Settings:
        session.settings = settings.checked()
        # Before the camera, too, nobody goes on as who they were under other settings.
        session.wearers = tuple(replace(w, disguise=None) for w in session.wearers)
        return session.settings

    @app.post("/api/pictures", status_code=201)
    async def upload(request: Request, session: Own, name: str = "picture.png") -> dict[str, Any]:
        async with session.turn:
            sessions.check_room(session, int(request.headers.get("content-length", 0)))
            picture = await renderer.run(take, name, await request.body())
            sessions.check_room(session, len(picture.data) + len(picture.shown))
        id = secrets.token_urlsafe(16)
        session.pictures[id] = picture
        return _told(id, picture)

    @app.patch("/api/pictures/{id}")
    async def change(session: Own, id: str, choice: Choice) -> dict[str, Any]:
        picture = _picture(session, id)
        if choice.kept is not None:
            picture = picture.keeping(choice.kept)
        others = choice.model_dump(exclude={"kept"}, exclude_none=True)
        session.pictures[id] = replace(picture, **others)
        return _told(id, session.pictures[id])

    @app.delete("/api/pictures/{id}", status_code=204)
    async def remove(session: Own, id: str) -> None:
        _picture(session, id)
        del session.pictures[id]

    @app.post("/api/pictures/{id}/faces")
    async def add_face(session: Own, id: str, drawn: Drawn) -> dict[str, Any]:
        face = await renderer.run(face_by_hand, _picture(session, id), drawn.box)
        session.pictures[id] = _picture(session, id).with_face(face)  # as it is by now
        return _told(id, session.pictures[id])

    @app.get("/api/pictures/{id}/before")
    async def before(session: Own, id: str) -> Response:
        return Response(_picture(session, id).shown, media_type="image/jpeg")

    @app.get("/api/pictures/{id}/after")
    async def after(session: Own, id: str) -> Response:
        rendered = await renderer.render(_picture(session, id), session.settings)
        alike = ",".join(map(str, rendered.alike))
        return Response(rendered.shown, media_type="image/jpeg", headers={"X-Alike": alike})

    @app.get("/api/pictures/{id}/result")
    async def result(session: Own, id: str) -> Response:
        picture = _picture(session, id)
        rendered = await renderer.render(picture, session.settings)
        headers = _attachment(picture.name.rpartition("/")[2])
        return Response(rendered.data, media_type="application/octet-stream", headers=headers)

    @app.get("/api/archive")
    async def download(session: Own) -> Response:
        released = [picture for picture in session.pictures.values() if picture.released]
        if not released:
            raise HTTPException(409, "no picture with a face yet")
        parts = archive(renderer, released, session.settings)
        headers = _attachment("elseface.zip")
        return StreamingResponse(parts, media_type="application/zip", headers=headers)

    @app.post("/api/camera")
    async def frame(request: Request, session: Own) -> Response:
        data = await request.body()
        async with session.turn:
            anonymizer = anonymizer_for(session.settings)
            done = await renderer.run(
                anonymize_frame, data, anonymizer, session.camera_seed, session.wearers
            )
            session.wearers = done.wearers
        headers = {"X-Faces": str(len(done.wearers)), "X-Covered": str(int(done.covered))}
        return Response(done.data, media_type="image/jpeg", headers=headers)

    @app.delete("/api/camera", status_code=204)
    async def another(session: Own) -> None:
        async with session.turn:
            session.wearers, session.camera_seed = (), secrets.randbelow(2**32)

    app.mount("/", StaticFiles(directory=Path(__file__).parent / "static", html=True))
    return app


def _cookie(request: Request) -> str:
    """Browsers send cookies to every port of a computer, so that its name tells ours apart."""
    return f"elseface-{request.url.port or 80}"


def _picture(session: Session, id: str) -> Picture:
    if id not in session.pictures:
        raise HTTPException(404, "no such picture")
    return session.pictures[id]


def _told(id: str, picture: Picture) -> dict[str, Any]:
    """What the page is told of a picture."""
    found = len(picture.faces) - picture.by_hand
    faces = [
        {"box": face.box, "kept": i in picture.kept, "by_hand": i >= found}
        for i, face in enumerate(picture.faces)
    ]
    return {
        "id": id, "name": picture.name, "size": picture.size, "faces": faces,
        "seed": picture.seed, "unchanged": picture.unchanged, "released": picture.released,
    }  # fmt: skip


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
