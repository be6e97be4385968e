"""Candles to the dataset that every forecaster is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from server.features.build import build_features, cumulative_targets, log_returns, two_speed_volatility
from server.features.scaling import Scaler
from server.features.windows import split_by_time
from server.forecasters.contract import Dataset, Parts
from server.market.candles import INTERVAL_SECONDS, Candles


@dataclass(frozen=True, slots=True)
class Prepared:
    """A dataset, the scaler behind its features, and the origins left out for missing candles."""

    dataset: Dataset
    scaler: Scaler
    excluded_origins: int


def prepare(candles: Candles, interval: str, lookback: int, horizon: int) -> Prepared:
    """Features, targets and parts of a series; the scaler is fitted on the training rows alone.

    Raises :class:`InvalidInput` when the candles are too few or their columns are not what they say.
    """
    frame = build_features(candles)
    split = split_by_time(
        candles.timestamp, INTERVAL_SECONDS[interval], lookback, horizon, first_row=frame.first_row
    )
    seen_in_training = slice(split.train[0] - lookback + 1, split.train[-1] + 1)
    scaler = Scaler.fit(frame.names, frame.values[seen_in_training])
    close = np.ascontiguousarray(candles.close, dtype=np.float64)
    dataset = Dataset(
        feature_names=frame.names,
        features=scaler.transform(frame.values),
        targets=cumulative_targets(close, horizon),
        close=close,
        timestamp=candles.timestamp,
        volatility=two_speed_volatility(log_returns(close)),
        lookback=lookback,
        horizon=horizon,
        parts=Parts(split.train, split.validation, split.calibration, split.test),
    )
    return Prepared(dataset, scaler, split.excluded)
