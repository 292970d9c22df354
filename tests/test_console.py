"""How commands speak: what a bar leaves behind when the work under it is cut short."""

import logging
import threading

import pytest
from elseface.scripts.console import progress, silent_start


def test_tensorflow_gives_nobody_advice():
    with silent_start():
        import tensorflow as tf
    assert not tf.get_logger().isEnabledFor(logging.WARNING)
    assert tf.get_logger().isEnabledFor(logging.ERROR)


def test_a_bar_ends_with_the_work(capfd):
    before = set(threading.enumerate())
    with (
        pytest.raises(KeyboardInterrupt) as stopped,  # it holds the frames of the loop
        progress(range(5), 5, "work") as tracked,
    ):
        drawing = set(threading.enumerate()) - before
        for _ in tracked:
            raise KeyboardInterrupt
    assert "work" in capfd.readouterr().err
    assert drawing, "the bar has no thread of its own: this test says nothing"
    for thread in drawing:  # told to end, not waited for: it may still be asleep
        thread.join(timeout=5)
        assert not thread.is_alive(), stopped
