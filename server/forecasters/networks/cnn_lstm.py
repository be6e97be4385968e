"""A convolution shortens the window to patterns, a recurrent layer reads them in order."""

from __future__ import annotations

import keras
from keras import layers

from server.forecasters.networks.blocks import Seeds, convolution, head, memory, window


def build(lookback: int, n_features: int, horizon: int, seed: int) -> keras.Model:
    """``(batch, lookback, n_features)`` to ``(batch, horizon)``, uncompiled."""
    seeds = Seeds(seed)
    inputs = window(lookback, n_features)
    x = convolution(32, 5, seeds)(inputs)
    x = layers.MaxPooling1D(2)(x)
    x = memory(32, seeds)(x)
    return keras.Model(inputs, head(x, horizon, seeds), name="cnn_lstm")
