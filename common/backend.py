"""The one step that Keras leaves to its backend: the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


def minimize(
    loss_fn: Callable[[], tuple[Any, Any]], variables: list[Any], optimizer: keras.Optimizer
) -> tuple[Any, Any]:
    """One optimizer step on `variables`; returns what `loss_fn` returned: (loss, anything)."""
    if keras.backend.backend() == "torch":
        loss, other = _torch_step(loss_fn, variables, optimizer)
    else:
        loss, other = _tensorflow_step(loss_fn, variables, optimizer)
    return loss, other


def _tensorflow_step(loss_fn, variables, optimizer):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss, other = loss_fn()
    optimizer.apply(tape.gradient(loss, variables), variables)
    return loss, other


def _torch_step(loss_fn, variables, optimizer):
    import torch

    for variable in variables:
        variable.value.grad = None
    loss, other = loss_fn()
    loss.backward()
    with torch.no_grad():
        optimizer.apply([variable.value.grad for variable in variables], variables)
    return loss, other
