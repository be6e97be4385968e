"""Model types by name. Importing this module does not import Keras; choosing a network does."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, cast

from server.errors import InvalidInput

Build = Callable[[int, int, int, int], Any]
"""``build(lookback, n_features, horizon, seed)`` makes an uncompiled ``keras.Model``."""

_MODULES: Final = {
    "CNN": "server.forecasters.networks.cnn",
    "LSTM": "server.forecasters.networks.lstm",
    "CNN-LSTM": "server.forecasters.networks.cnn_lstm",
    "LSTM-CNN": "server.forecasters.networks.lstm_cnn",
}


def network_builder(model_type: str) -> Build:
    """The builder of one of :data:`~server.forecasters.contract.MODEL_TYPES`.

    Imports Keras, so only a worker may call it. Raises :class:`InvalidInput` for an unknown type.
    """
    if model_type not in _MODULES:
        raise InvalidInput(
            f"model_type={model_type!r} is unknown: choose one of {', '.join(_MODULES)}",
            field="model_type",
            value=model_type,
        )
    return cast(Build, import_module(_MODULES[model_type]).build)
