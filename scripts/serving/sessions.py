"""Whose pictures are whose: all that one browser sent, under its random key, until it is idle."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from elseface.common.errors import ElsefaceError
from elseface.scripts.serving.camera import Live
from elseface.scripts.serving.pictures import Picture
from elseface.scripts.serving.settings import Settings

#: Seconds without a request until everything of a session is forgotten.
IDLE = 3600

#: Seconds without one until the pictures that wait for others of the camera are.
CAMERA_IDLE = 30

#: At most so many sessions, pictures in one, and bytes of uploads in one and in all.
SESSIONS, PICTURES, SESSION_BYTES, ALL_BYTES = 16, 200, 500 * 2**20, 2**30


@dataclass
class Session:
    """What one browser sent and chose.

    Attributes
    ----------
    pictures : by random id, in the order they came
    live, live_under : who is before the camera, and the settings they are shown under
    turn : held while an upload or a frame is under way, so that there is one at a time
    used : when the last request came
    """

    pictures: dict[str, Picture] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    live: Live | None = None
    live_under: Settings | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    used: float = 0.0

    @property
    def held(self) -> int:
        """Bytes of uploads, and of their small versions."""
        return sum(len(p.data) + len(p.shown) for p in self.pictures.values())


class Sessions:
    """All sessions by their keys; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def start(self) -> str:
        """The key of a new session.

        Raises
        ------
        ElsefaceError
            When there are too many.
        """
        self.sweep()
        if len(self._sessions) >= SESSIONS:
            raise ElsefaceError("too many people use this page now; try again later")
        key = secrets.token_urlsafe(32)
        self._sessions[key] = Session(used=self._clock())
        return key

    def get(self, key: str) -> Session | None:
        """The session of a key, if it was not forgotten."""
        self.sweep()
        session = self._sessions.get(key)
        if session:
            session.used = self._clock()
        return session

    def forget(self, key: str) -> None:
        """Drop everything of a session."""
        self._sessions.pop(key, None)

    def sweep(self) -> None:
        """Forget who was idle for too long, and of others what their camera saw."""
        now = self._clock()
        for session in self._sessions.values():
            if now - session.used > CAMERA_IDLE:
                session.live = None
        for key in [k for k, s in self._sessions.items() if now - s.used > IDLE]:
            self.forget(key)

    def check_room(self, session: Session, more: int) -> None:
        """Raise :class:`ElsefaceError` where `more` bytes of another picture are too many."""
        if len(session.pictures) >= PICTURES:
            raise ElsefaceError(f"at most {PICTURES} pictures at once; download, then remove some")
        if session.held + more > SESSION_BYTES:
            raise ElsefaceError("no room for more pictures; download, then remove some")
        if sum(each.held for each in self._sessions.values()) + more > ALL_BYTES:
            raise ElsefaceError("others use this page, and its memory is full; try again later")
