"""One recurrent layer whose last state is read out."""

from __future__ import annotations

import keras

from server.forecasters.networks.blocks import Seeds, head, memory, window


def build(lookback: int, n_features: int, horizon: int, seed: int) -> keras.Model:
    """``(batch, lookback, n_features)`` to ``(batch, horizon)``, uncompiled."""
    seeds = Seeds(seed)
    inputs = window(lookback, n_features)
    x = memory(32, seeds)(inputs)
    return keras.Model(inputs, head(x, horizon, seeds), name="lstm")
