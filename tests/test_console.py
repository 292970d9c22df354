"""How commands speak: what a bar leaves behind when the work under it is cut short."""

import threading

import pytest
from elseface.scripts.console import progress


def test_a_bar_ends_with_the_work(capfd):
    before = threading.active_count()
    with (
        pytest.raises(KeyboardInterrupt) as stopped,  # it holds the frames of the loop
        progress(range(5), 5, "work") as tracked,
    ):
        for _ in tracked:
            raise KeyboardInterrupt
    assert "work" in capfd.readouterr().err
    assert threading.active_count() == before, stopped
