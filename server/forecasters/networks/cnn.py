"""Two convolutions that see short patterns, and a dense layer that knows where they occurred."""

from __future__ import annotations

import keras
from keras import layers

from server.forecasters.networks.blocks import Seeds, convolution, head, window


def build(lookback: int, n_features: int, horizon: int, seed: int) -> keras.Model:
    """``(batch, lookback, n_features)`` to ``(batch, horizon)``, uncompiled."""
    seeds = Seeds(seed)
    inputs = window(lookback, n_features)
    x = convolution(32, 5, seeds)(inputs)
    x = layers.MaxPooling1D(2)(x)
    x = convolution(32, 3, seeds)(x)
    x = layers.MaxPooling1D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(32, activation="relu", kernel_initializer=seeds.glorot())(x)
    return keras.Model(inputs, head(x, horizon, seeds), name="cnn")
