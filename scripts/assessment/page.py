"""What the browser may ask: the page, the next question, its pictures; and what it may tell.

Nothing that leaves here tells which picture is the anonymized one: an address is the question's
random token and a place in the shuffled order, and every picture is made the same kind of file of
the same length.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from elseface.common.errors import ElsefaceError
from elseface.common.photo import read_photo
from elseface.scripts.assessment.answers import Answers
from elseface.scripts.assessment.gallery import Gallery
from elseface.scripts.assessment.questions import Question
from elseface.scripts.console import complain
from elseface.scripts.serving.hosts import is_served
from fastapi import Body, Cookie, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from PIL import Image, ImageOps

#: Width and height of every picture shown, those of CelebA's aligned pictures.
SIZE = (178, 218)

#: Remembers the assessor's random id for a month, so that nobody is asked twice.
COOKIE = {"key": "assessor", "max_age": 30 * 24 * 3600, "httponly": True, "samesite": "strict"}

#: By this name the address has the token.
TOKEN = "token"

#: Nothing is kept by the browser, and nothing comes from or goes to another site.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Assessor = Annotated[str, Cookie(alias=COOKIE["key"])]


def create_app(
    gallery: Gallery,
    answers: Answers,
    draw: Callable[[int], Sequence[Question]],
    host: str,
    token: str = "",
) -> FastAPI:
    """The application, served on `host`; `draw` gives the questions for the number of an assessor,
    and who has not come by an address with the `token` sees nothing."""
    app = FastAPI(openapi_url=None)
    entry = secrets.token_urlsafe()  # what a browser keeps in place of the token

    @app.middleware("http")
    async def private(
        request: Request, proceed: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        # Browsers send cookies to every port; this one on the way from a mail or chat, too.
        kept = f"assess-{request.url.port or 80}"
        given, shown = request.query_params.get(TOKEN, ""), request.cookies.get(kept, "")
        if not is_served(request.headers.get("host", ""), host):
            response = Response("This address is not served here.", 421, media_type="text/plain")
        elif token and secrets.compare_digest(given.encode(), token.encode()):
            response = RedirectResponse("/")  # the token out of sight
            response.set_cookie(kept, entry, httponly=True, samesite="lax")
        elif token and not secrets.compare_digest(shown.encode(), entry.encode()):
            response = Response("Open the address with the token.", 401, media_type="text/plain")
        else:
            response = await proceed(request)
        response.headers.update(HEADERS)
        return response

    @app.exception_handler(ElsefaceError)
    def unreadable(request: Request, error: ElsefaceError) -> Response:
        complain(error)  # its names of files are for the terminal, not for the assessor
        return Response(status_code=500)

    @app.post("/assessor")
    def start(response: Response, assessor: Assessor = "") -> dict[str, Any]:
        now = answers.standing(assessor)
        if now is None or now.token is None:  # else it was started in another tab
            assessor = answers.start(draw)
            response.set_cookie(value=assessor, **COOKIE)
        return standing(assessor)

    @app.get("/question")
    def standing(assessor: Assessor = "") -> dict[str, Any]:
        now = answers.standing(assessor)
        if now is None:
            raise HTTPException(404, "nobody has started")
        shown = {"done": now.done, "count": now.count, "question": None}
        if now.token:
            kind = answers.question(now.token).kind
            shown["question"] = {
                "token": now.token, "kind": kind, "choices": kind.choices, "picks": kind.picks
            }  # fmt: skip
        return shown

    @app.get("/picture/{token}/{place}")
    def picture(token: str, place: int) -> Response:
        question = _known(answers, token)
        if not 0 <= place < len(question.pictures):
            raise HTTPException(404, "no such picture")
        shown = plain_png(gallery.file(question.pictures[place]))
        return Response(shown, media_type="image/png")

    @app.post("/answer/{token}")
    def answer(
        token: str, picked: Annotated[list[int], Body(embed=True)], assessor: Assessor = ""
    ) -> dict[str, Any]:
        kind = _known(answers, token).kind
        if picked and not (
            len(picked) == len(set(picked)) == kind.picks and set(picked) <= {*range(kind.choices)}
        ):
            raise HTTPException(422, "that cannot be picked")
        if not answers.answer(token, picked):
            raise HTTPException(409, "answered before")
        return standing(assessor)

    app.mount("/", StaticFiles(directory=Path(__file__).parent / "static", html=True))
    return app


def plain_png(path: Path) -> bytes:
    """A picture as an uncompressed PNG of :data:`SIZE`: as long as any other, and no metadata."""
    image = ImageOps.fit(Image.fromarray(read_photo(path).pixels), SIZE)
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=0)
    return file.getvalue()


def _known(answers: Answers, token: str) -> Question:
    question = answers.question(token)
    if question is None:
        raise HTTPException(404, "no such question")
    return question
