"""Photos shared out among workers that die, and among those that cannot start."""

import json
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.scripts.release import engine
from elseface.scripts.release.engine import worthwhile
from elseface.scripts.release.journal import Entry, open_journal
from elseface.scripts.release.pool import DEATHS, Pool
from elseface.scripts.release.task import not_done

JOBS = [(i, Job(Path(f"{i}.png"), Path(f"out/{i}.png"))) for i in range(7)]


class Died(Exception):
    """What the fakes raise."""


class Fake:
    """A worker that is told which photos it dies of."""

    died = (Died,)

    def __init__(self, deadly=(), at_start=None):
        self.deadly, self.at_start, self.stopped, self.did = set(deadly), at_start, False, []

    def ready(self):
        return self._future(self.at_start)

    def do(self, job):
        assert not self.stopped
        self.did.append(job.source.stem)
        entry = Entry(record={"photo": str(job.source)})
        return self._future(Died("it\nburst") if job.source.stem in self.deadly else entry)

    def stop(self):
        self.stopped = True

    def _future(self, result):
        future = Future()
        if isinstance(result, Died):
            future.set_exception(result)
        else:
            future.set_result(result)
        return future


class Slow(Fake):
    """Its photo is done when somebody waits for it."""

    class Pending(Future):
        def result(self, timeout=None):
            if not self.done():
                self.set_result(self.entry)
            return super().result(timeout)

    def do(self, job):
        future = self.Pending()
        future.entry = super().do(job).result()
        return future


def done(workers, count):
    """What a pool notes that hires these: place to entries; and all that it hired."""
    noted, hired, waiting = {}, [], iter(workers)

    def hire():
        hired.append(next(waiting))
        return hired[-1]

    Pool(hire, count).do(iter(JOBS), lambda place, entry: noted.setdefault(place, []).append(entry))
    assert all(worker.stopped for worker in hired)
    assert all(len(entries) == 1 for entries in noted.values())
    return {place: entries[0] for place, entries in noted.items()}, hired


def test_a_photo_of_a_dead_worker_is_done_by_another():
    noted, hired = done([Fake("3"), Fake("5"), Fake(), Fake()], 2)
    assert sorted(noted) == list(range(7))
    assert all(noted[i].record == {"photo": f"{i}.png"} for i in range(7))
    assert len(hired) == 2 + sum(len(worker.deadly & set(worker.did)) for worker in hired)


def test_a_photo_that_every_worker_dies_of_is_given_up_and_named():
    noted, hired = done([Fake("2") for _ in range(9)], 2)
    assert noted.pop(2) == not_done(Path("2.png"), f"2.png: {DEATHS} workers ended on it (it)")
    assert sorted(noted) == [0, 1, 3, 4, 5, 6] and len(hired) == 2 + DEATHS


def test_the_others_go_on_without_one_that_cannot_start():
    noted, hired = done([Fake(), Fake(at_start=Died("no memory"))], 2)
    assert len(noted) == 7 and len(hired) == 2 and not hired[1].did


@pytest.mark.parametrize("why", [Died("no memory"), ElsefaceError("weights: no memory")])
def test_nobody_who_can_start_is_an_error(why):
    with pytest.raises(ElsefaceError, match="no memory"):
        done([Fake(at_start=why), Fake(at_start=why)], 2)


def test_one_that_never_gets_ready_keeps_no_photo():
    """As an actor for which the cluster has no room."""
    late = Fake()
    late.ready = Future
    noted, _ = done([late, Fake()], 2)
    assert len(noted) == 7 and not late.did


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt, ElsefaceError("disk full")])
def test_what_is_in_hand_is_noted_before_it_stops(stopped_by):
    noted = []
    workers = [Slow(), Fake()]

    def note(place, entry):
        noted.append(place)
        if len(noted) == 3:
            raise stopped_by

    waiting = iter(workers)
    with pytest.raises((KeyboardInterrupt, ElsefaceError)):
        Pool(lambda: next(waiting), 2).do(iter(JOBS), note)
    assert sorted(set(noted)) == sorted(int(i) for worker in workers for i in worker.did)
    assert all(worker.stopped for worker in workers)


def test_the_journal_is_read_in_the_order_of_the_run(tmp_path):
    with open_journal(tmp_path / "journal", {}) as journal:
        for place in (2, 0, 1):
            journal.add(place, not_done(Path(f"{place}.png"), "said"))
        assert [entry.record["photo"] for entry in journal] == ["0.png", "1.png", "2.png"]
    lines = (tmp_path / "journal").read_text().split("\n")
    photos = [json.loads(line)["record"]["photo"] for line in lines[1:] if line]
    assert photos == ["2.png", "0.png", "1.png"]


def test_nobody_is_hired_when_nothing_is_left():
    """The last photo is given up; a worker more would have nothing to do."""
    last = JOBS[-1][1].source.stem
    noted, hired = done([Fake(last) for _ in range(9)], 1)
    assert sorted(noted) == list(range(7)) and len(hired) == DEATHS


def test_one_that_is_of_another_kind_costs_the_others_nothing(capsys):
    noted, hired = done([Fake(at_start=ElsefaceError("other numpy")), Fake()], 2)
    assert len(noted) == 7 and not hired[0].did
    assert "other numpy; the others go on" in capsys.readouterr().err


def test_a_run_in_which_everything_dies_ends():
    with pytest.raises(ElsefaceError, match="workers in a row ended"):
        done([Fake("0123456") for _ in range(30)], 1)


@pytest.mark.parametrize(
    ("photos", "cores", "gigabytes", "count"),
    [(39, 8, 64, 1), (40, 8, 64, 2), (10_000, 8, 64, 8), (10_000, 8, 7, 3), (10_000, 8, 1, 1),
     (0, 1, 64, 1)],
)  # fmt: skip
def test_as_many_processes_as_photos_cores_and_memory_are_worth(
    monkeypatch, photos, cores, gigabytes, count
):
    memory = SimpleNamespace(available=gigabytes * 1e9)
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    monkeypatch.setattr("joblib.cpu_count", lambda: cores)
    monkeypatch.setattr(engine, "LIMITS", ())
    assert worthwhile(photos) == count


@pytest.mark.parametrize(("limit", "count"), [("max", 8), ("7000000000", 3), (None, 8)])
def test_a_container_has_less_memory_than_its_machine(monkeypatch, tmp_path, limit, count):
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=64e9))
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    monkeypatch.setattr(engine, "LIMITS", (tmp_path / "memory.max",))
    if limit:
        (tmp_path / "memory.max").write_text(f"{limit}\n")
    assert worthwhile(10_000) == count


def test_nobody_is_hired_for_nothing():
    Pool(lambda: pytest.fail("hired"), 3).do([], lambda place, entry: None)


def test_what_a_dead_worker_was_writing_is_deleted(tmp_path):
    """Of its photo, and of no other."""
    draft, others, theirs = (
        tmp_path / name for name in (".1.png.77.part", ".2.png.77.part", "1.png.part")
    )
    for file in (draft, others, theirs):
        file.write_text("not verified")
    pool = Pool(lambda: Fake({"1"} if draft.exists() else ()), 1)
    pool.do([(0, Job(Path("1.png"), tmp_path / "1.png"))], lambda *_: None)
    assert not draft.exists() and others.exists() and theirs.exists()
