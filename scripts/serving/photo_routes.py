"""Photos: sent one by one, looked at, changed and fetched, each in its owner's session alone."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from elseface.scripts.serving.access import Computing, Own
from elseface.scripts.serving.pictures import Picture, face_by_hand
from elseface.scripts.serving.rendering import archive
from elseface.scripts.serving.sessions import Session, Sessions
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

router = APIRouter(prefix="/api")


class Choice(BaseModel):
    """What is to become of one picture; what is None stays."""

    model_config = ConfigDict(extra="forbid")

    kept: frozenset[int] | None = None
    seed: int | None = Field(None, ge=0, lt=2**32)
    unchanged: bool | None = None


class Drawn(BaseModel):
    """A box somebody drew: (left, top, right, bottom) in pixels of the upright picture."""

    box: tuple[int, int, int, int]


@router.post("/pictures", status_code=201)
async def upload(
    request: Request, session: Own, renderer: Computing, name: str = "picture.png"
) -> dict[str, Any]:
    sessions: Sessions = request.app.state.sessions
    async with session.turn:
        sessions.check_room(session, int(request.headers.get("content-length", 0)))
        picture = await renderer.take(name, await request.body())
        sessions.check_room(session, len(picture.data) + len(picture.shown))
    id = secrets.token_urlsafe(16)
    session.pictures[id] = picture
    return described(id, picture)


@router.patch("/pictures/{id}")
async def change(session: Own, id: str, choice: Choice) -> dict[str, Any]:
    picture = _picture(session, id)
    if choice.kept is not None:
        picture = picture.keeping(choice.kept)
    others = choice.model_dump(exclude={"kept"}, exclude_none=True)
    session.pictures[id] = replace(picture, **others)
    return described(id, session.pictures[id])


@router.delete("/pictures/{id}", status_code=204)
async def remove(session: Own, id: str) -> None:
    _picture(session, id)
    del session.pictures[id]


@router.post("/pictures/{id}/faces")
async def add_face(session: Own, renderer: Computing, id: str, drawn: Drawn) -> dict[str, Any]:
    face = await renderer.run(face_by_hand, _picture(session, id), drawn.box)
    session.pictures[id] = _picture(session, id).with_face(face)  # as it is by now
    return described(id, session.pictures[id])


@router.get("/pictures/{id}/before")
async def before(session: Own, id: str) -> Response:
    return Response(_picture(session, id).shown, media_type="image/jpeg")


@router.get("/pictures/{id}/after")
async def after(session: Own, renderer: Computing, id: str) -> Response:
    rendered = await renderer.render(_picture(session, id), session.settings)
    said = {"X-Alike": rendered.alike, "X-Covered": rendered.covered}
    headers = {name: ",".join(map(str, faces)) for name, faces in said.items()}
    return Response(rendered.shown, media_type="image/jpeg", headers=headers)


@router.get("/pictures/{id}/result")
async def result(session: Own, renderer: Computing, id: str) -> Response:
    picture = _picture(session, id)
    rendered = await renderer.render(picture, session.settings)
    headers = _attachment(picture.name.rpartition("/")[2])
    return Response(rendered.data, media_type="application/octet-stream", headers=headers)


@router.get("/archive")
async def download(session: Own, renderer: Computing) -> Response:
    pictures = [*session.pictures.values()]
    if not any(picture.released for picture in pictures):
        raise HTTPException(409, "no picture with a face yet")
    parts = archive(renderer, pictures, session.settings)
    headers = _attachment("elseface.zip")
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


def _picture(session: Session, id: str) -> Picture:
    if id not in session.pictures:
        raise HTTPException(404, "no such picture")
    return session.pictures[id]


def described(id: str, picture: Picture) -> dict[str, Any]:
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
