"""A training-only wrapper that feeds a network from origins, so that windows are never stored."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray


class WindowedNetwork(keras.Model):  # type: ignore[misc,unused-ignore]
    """Takes origins ``(batch,)`` int32, gathers their windows in the graph, calls the network.

    ``features`` ``(rows, n_features)`` is kept once, as a variable that is not trained.
    """

    def __init__(self, network: Any, features: NDArray[np.float32], lookback: int) -> None:
        super().__init__()
        self.network = network
        self.lookback = lookback
        self.rows = self.add_weight(
            name="rows",
            shape=features.shape,
            initializer=lambda shape, dtype: ops.convert_to_tensor(features, dtype=dtype),
            trainable=False,
        )

    def call(self, origins: Any, training: bool = False) -> Any:
        offsets = ops.arange(1 - self.lookback, 1, dtype="int32")
        windows = ops.take(self.rows, ops.expand_dims(origins, 1) + offsets, axis=0)
        return self.network(windows, training=training)
