"""Who was asked what, and what they answered: one SQLite file.

An assessor is a random id and a number.  The questions are laid down when an assessor starts, so
that a restarted server goes on with them.  Every call opens the file anew: calls come from several
threads, and the report may be asked for meanwhile.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from elseface.common.errors import ElsefaceError
from elseface.scripts.assessment.questions import Kind, Question

#: Of a folder of ``elseface evaluate``.
FILE = "assess.sqlite"

SCHEMA = """
CREATE TABLE IF NOT EXISTS assessor (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS question (
    token TEXT PRIMARY KEY,
    assessor INTEGER NOT NULL REFERENCES assessor,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    method TEXT NOT NULL,
    pictures TEXT NOT NULL,
    truth TEXT NOT NULL,
    picked TEXT,  -- places as in truth; [] for can't tell, NULL when not answered
    UNIQUE (assessor, place)
);
"""


@dataclass(frozen=True)
class Standing:
    """How far an assessor is: `done` of `count`, and the token of the next question, if any."""

    done: int
    count: int
    token: str | None


@dataclass(frozen=True)
class Tally:
    """Counts of one method and kind; of the `answers` some are "I can't tell"."""

    method: str
    kind: Kind
    answers: int
    assessors: int
    successes: int
    cannot_tell: int


class Answers:
    """The answers in a file, which is made if it is not there.

    Raises
    ------
    ElsefaceError
        When the file cannot be written or is something else; so do all methods.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _opened(path) as database:
            database.executescript(SCHEMA)

    def start(self, draw: Callable[[int], Sequence[Question]]) -> str:
        """Id of a new assessor, who is asked what `draw` gives for the assessor's number."""
        name = secrets.token_urlsafe(16)
        with _opened(self._path) as database:
            number = database.execute("INSERT INTO assessor (id) VALUES (?)", (name,)).lastrowid
            database.executemany(
                "INSERT INTO question VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                [
                    (secrets.token_urlsafe(16), number, place, question.kind, question.method,
                     json.dumps(question.pictures), json.dumps(question.truth))
                    for place, question in enumerate(draw(number))
                ],
            )  # fmt: skip
        return name

    def standing(self, assessor: str) -> Standing | None:
        """How far an assessor is; None if nobody has that id."""
        with _opened(self._path) as database:
            rows = database.execute(
                "SELECT token, picked IS NOT NULL FROM question JOIN assessor"
                " ON assessor = number WHERE id = ? ORDER BY place",
                (assessor,),
            ).fetchall()
        left = [token for token, answered in rows if not answered]
        return Standing(len(rows) - len(left), len(rows), next(iter(left), None)) if rows else None

    def question(self, token: str) -> Question | None:
        """The question of a token; None if there is none."""
        with _opened(self._path) as database:
            row = database.execute(
                "SELECT kind, method, pictures, truth FROM question WHERE token = ?", (token,)
            ).fetchone()
        if row is None:
            return None
        kind, method, pictures, truth = row
        return Question(Kind(kind), method, tuple(json.loads(pictures)), tuple(json.loads(truth)))

    def answer(self, token: str, picked: Sequence[int]) -> bool:
        """Note the places that were picked, none for who cannot tell; False if that was answered
        before."""
        with _opened(self._path) as database:
            changed = database.execute(
                "UPDATE question SET picked = ? WHERE token = ? AND picked IS NULL",
                (json.dumps(sorted(picked)), token),
            )
        return changed.rowcount == 1


def tally(path: Path) -> list[Tally]:
    """What was answered so far, by method and kind; nothing where there is no such file."""
    if not path.exists():
        return []
    with _opened(path) as database:
        rows = database.execute(
            "SELECT method, kind, COUNT(*), COUNT(DISTINCT assessor), SUM(picked = truth),"
            " SUM(picked = '[]')"
            " FROM question WHERE picked IS NOT NULL GROUP BY method, kind"
        ).fetchall()
    return [Tally(method, Kind(kind), *counts) for method, kind, *counts in rows]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file within one transaction; another's is waited for."""
    try:
        with closing(sqlite3.connect(path, timeout=30)) as database, database:
            yield database
    except sqlite3.Error as error:
        what = f"{path}: cannot hold the answers ({error})"
        raise ElsefaceError(f"{what}; move it away, or make its folder writable") from None
