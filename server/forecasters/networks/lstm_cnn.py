"""A recurrent layer annotates every step with its past, a convolution finds patterns in that."""

from __future__ import annotations

import keras
from keras import layers

from server.forecasters.networks.blocks import Seeds, convolution, head, memory, window


def build(lookback: int, n_features: int, horizon: int, seed: int) -> keras.Model:
    """``(batch, lookback, n_features)`` to ``(batch, horizon)``, uncompiled."""
    seeds = Seeds(seed)
    inputs = window(lookback, n_features)
    x = memory(32, seeds, every_step=True)(inputs)
    x = convolution(32, 3, seeds)(x)
    x = layers.GlobalMaxPooling1D()(x)
    return keras.Model(inputs, head(x, horizon, seeds), name="lstm_cnn")
