"""``/api/v1/analytics`` over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from server.analytics import indicators
from server.analytics.catalogue import USUAL
from server.analytics.schemas import CorrelationSchema, IndicatorsSchema
from server.market import store
from server.market.candles import Candles, iso_time
from tests.analytics.conftest import PATH, Get
from tests.candles import sample_candles

HOUR = 3600
SERIES_CALLS = ("moving-average", "volatility", "rsi", "macd", "bollinger", "atr", "indicators")


def numbers(values: list[float | None]) -> Any:
    return np.array([np.nan if each is None else each for each in values])


@pytest.mark.parametrize("call", SERIES_CALLS)
def test_values_stand_at_the_candles_of_the_range(get: Get, stored: Candles, call: str) -> None:
    body = get(f"{call}/BTC-USD", limit=100)
    assert IndicatorsSchema().validate(body) == {}
    assert body["timestamp"] == [iso_time(each) for each in stored.timestamp[-100:].tolist()]
    assert body["count"] == 100
    for column in body["values"].values():
        assert len(column) == 100
        assert None not in column


@pytest.mark.parametrize("name", USUAL)
def test_the_first_value_asked_for_is_what_the_whole_series_gives(
    get: Get, stored: Candles, name: str
) -> None:
    make, parameters = USUAL[name]
    start = 1200
    expected = make(**parameters).compute(stored, HOUR)
    moment = iso_time(int(stored.timestamp[start]))
    body = get("indicators/BTC-USD", names=name, start=moment, limit=50)
    assert body["timestamp"][0] == moment
    assert set(body["values"]) == set(expected)
    for key, column in expected.items():
        np.testing.assert_allclose(body["values"][key], column[start : start + 50], rtol=1e-9, atol=1e-9)


def test_null_where_there_is_no_value_yet(get: Get, stored: Candles) -> None:
    body = get("rsi/BTC-USD", start=iso_time(int(stored.timestamp[0])), limit=20, period=14)
    assert [each is None for each in body["values"]["rsi"]] == [True] * 14 + [False] * 6
    expected = indicators.rsi(stored.close[:20], 14)
    np.testing.assert_allclose(numbers(body["values"]["rsi"]), expected)


def test_parameters_are_those_of_the_values(get: Get, stored: Candles) -> None:
    simple = get("moving-average/BTC-USD", period=7)
    exponential = get("moving-average/BTC-USD", period=7, type="ema")
    assert exponential["parameters"] == {"period": 7, "type": "ema"}
    np.testing.assert_allclose(simple["values"]["sma"], indicators.sma(stored.close, 7)[-500:])
    np.testing.assert_allclose(exponential["values"]["ema"], indicators.ema(stored.close, 7)[-500:])
    macd = get("macd/BTC-USD", fast=5, slow=10, signal=4)["values"]
    np.testing.assert_allclose(macd["macd_signal"], indicators.macd(stored.close, 5, 10, 4).signal[-500:])
    wide = get("bollinger/BTC-USD", period=10, deviations=3.0)["values"]["bollinger_upper"]
    np.testing.assert_allclose(wide, indicators.bollinger(stored.close, 10, 3.0).upper[-500:])
    atr = get("atr/BTC-USD", period=5)["values"]["atr"]
    np.testing.assert_allclose(atr, indicators.atr(stored.high, stored.low, stored.close, 5)[-500:])


def test_volatility_is_annualised_by_the_interval(get: Get, stored: Candles) -> None:
    step = 14_400
    four = stored.timestamp[0] // step * step + step * np.arange(len(stored))
    store.upsert("BTC-USD", "4h", "test", replace(stored, timestamp=four))
    hourly = get("volatility/BTC-USD", period=30)["values"]["volatility"]
    as_four = get("volatility/BTC-USD", period=30, interval="4h")["values"]["volatility"]
    np.testing.assert_allclose(np.array(hourly) / as_four, 2.0)


def test_some_indicators_or_all_of_them(get: Get, stored: Candles) -> None:
    assert set(get("indicators/BTC-USD")["parameters"]) == set(USUAL)
    body = get("indicators/BTC-USD", names="sma,rsi")
    assert body["parameters"] == {"sma": {"type": "sma", "period": 20}, "rsi": {"period": 14}}
    assert set(body["values"]) == {"sma", "rsi"}


def test_correlation_is_aligned_by_time(get: Get, stored: Candles) -> None:
    body = get("correlation", a="BTC-USD", b="ETH-USD", period=24, limit=1000)
    assert CorrelationSchema().validate(body) == {}
    btc, eth = (sample_candles(ticker)[:2000] for ticker in ("BTC-USD", "ETH-USD"))
    common = np.delete(np.arange(2000), [1500, 1501, 1502])
    assert body["timestamp"] == [iso_time(each) for each in btc.timestamp[common][-1000:].tolist()]
    returns = [np.diff(np.log(each.close[common][-25:])) for each in (btc, eth)]
    assert body["values"]["correlation"][-1] == pytest.approx(np.corrcoef(*returns)[0, 1])
    assert None not in body["values"]["correlation"]
    assert body["missing"] == 3
    mirrored = get("correlation", a="ETH-USD", b="BTC-USD", period=24, limit=1000)
    assert mirrored["values"] == body["values"]


def test_a_correlation_may_begin_anywhere(get: Get, stored: Candles) -> None:
    start = iso_time(int(stored.timestamp[1502]))
    body = get("correlation", a="BTC-USD", b="ETH-USD", start=start, limit=3)
    assert body["timestamp"][0] == iso_time(int(stored.timestamp[1503]))
    whole = get("correlation", a="BTC-USD", b="ETH-USD", limit=1997)["values"]["correlation"]
    np.testing.assert_allclose(body["values"]["correlation"], whole[1500:1503])


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("rsi/BTC-USD", {"period": 1}, "period"),
        ("rsi/BTC-USD", {"period": 501}, "period"),
        ("rsi/btc", {}, "ticker"),
        ("macd/BTC-USD", {"fast": 26, "slow": 26}, "slow"),
        ("macd/BTC-USD", {"fast": 30, "slow": 20}, "slow"),
        ("macd/BTC-USD", {"signal": 0}, "signal"),
        ("moving-average/BTC-USD", {"type": "wma"}, "type"),
        ("moving-average/BTC-USD", {"interval": "2h"}, "interval"),
        ("moving-average/BTC-USD", {"limit": 10_001}, "limit"),
        ("bollinger/BTC-USD", {"deviations": 0}, "deviations"),
        ("bollinger/BTC-USD", {"deviations": "nan"}, "deviations"),
        ("atr/BTC-USD", {"start": "2019-01-02", "end": "2019-01-01"}, "end"),
        ("atr/BTC-USD", {"periods": 3}, "periods"),
        ("indicators/BTC-USD", {"names": "sma,kdj"}, "names.1"),
        ("correlation", {"a": "BTC-USD"}, "b"),
        ("correlation", {"a": "BTC-USD", "b": "BTC-USD"}, "b"),
        ("correlation", {"a": "BTC-USD", "b": "ETH-USD", "period": 2}, "period"),
    ],
)
def test_a_wrong_argument_is_named(
    client: FlaskClient, stored: Candles, path: str, query: dict[str, object], field: str
) -> None:
    answer = client.get(f"{PATH}/{path}", query_string=query)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["details"]["field"] == field


@pytest.mark.parametrize("path", [*(f"{call}/XRP-USD" for call in SERIES_CALLS), "correlation"])
def test_an_unknown_ticker_is_404_with_the_known_ones(
    client: FlaskClient, stored: Candles, path: str
) -> None:
    query = {"a": "BTC-USD", "b": "XRP-USD"} if path == "correlation" else {}
    answer = client.get(f"{PATH}/{path}", query_string=query)
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["details"]["known"] == ["BTC-USD 1h", "ETH-USD 1h"]


@pytest.mark.parametrize(
    ("call", "query", "needed"),
    [
        ("moving-average", {"period": 30}, 30),
        ("volatility", {"period": 30}, 31),
        ("rsi", {"period": 12}, 13),
        ("macd", {}, 34),
        ("bollinger", {}, 20),
        ("atr", {}, 15),
        ("indicators", {"names": "macd,atr"}, 15),
    ],
)
def test_too_few_candles_are_refused_with_the_number_needed(
    client: FlaskClient, get: Get, stored: Candles, call: str, query: dict[str, object], needed: int
) -> None:
    def end_after(rows: int) -> dict[str, object]:
        return {**query, "end": iso_time(int(stored.timestamp[rows]))}

    answer = client.get(f"{PATH}/{call}/BTC-USD", query_string=end_after(needed - 1))
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["error_code"] == "too_few_candles"
    assert (answer.json["details"]["needed"], answer.json["details"]["stored"]) == (needed, needed - 1)
    assert f"needs {needed} candles" in answer.json["message"]
    values = get(f"{call}/BTC-USD", **end_after(needed))["values"]
    assert any(column[-1] is not None for column in values.values())


def test_series_that_share_no_time_have_no_correlation(client: FlaskClient, stored: Candles) -> None:
    later = sample_candles()[3000:3200]
    store.upsert("SOL-USD", "1h", "test", later)
    query = {"a": "BTC-USD", "b": "SOL-USD"}
    answer = client.get(f"{PATH}/correlation", query_string=query)
    assert answer.status_code == 422
    assert answer.json is not None
    assert (answer.json["error_code"], answer.json["details"]["stored"]) == ("too_few_candles", 0)
    assert "common to BTC-USD and SOL-USD" in answer.json["message"]


def test_a_range_without_candles_is_empty(get: Get, stored: Candles) -> None:
    body = get("rsi/BTC-USD", start=datetime(2030, 1, 1, tzinfo=UTC).isoformat())
    assert (body["count"], body["timestamp"], body["values"]) == (0, [], {"rsi": []})


def test_missing_candles_are_counted(get: Get, stored: Candles) -> None:
    assert get("moving-average/ETH-USD", limit=600)["missing"] == 3
    assert get("moving-average/ETH-USD", limit=400)["missing"] == 0
