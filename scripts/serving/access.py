"""Whose request it is: what routes are given to work with."""

from __future__ import annotations

from typing import Annotated

from elseface.scripts.serving.rendering import Renderer
from elseface.scripts.serving.sessions import Session
from fastapi import Depends, HTTPException, Request


def cookie_name(request: Request) -> str:
    """Browsers send cookies to every port of a computer, so that its name tells ours apart."""
    return f"elseface-{request.url.port or 80}"


def _session(request: Request) -> Session:
    session = request.app.state.sessions.get(request.cookies.get(cookie_name(request), ""))
    if session is None:
        raise HTTPException(401, "no session, or forgotten after an hour without use")
    return session


def _renderer(request: Request) -> Renderer:
    return request.app.state.renderer


#: The session of who asks; without one there is no answer.
Own = Annotated[Session, Depends(_session)]

#: What computes.
Computing = Annotated[Renderer, Depends(_renderer)]
