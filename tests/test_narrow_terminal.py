"""Whatever a command prints stays whole on a terminal of 80 columns: an id can be copied, a number read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rich.console import Console, RenderableType

from server.market.store import Series
from server.market.tables import MarketJob
from server.market.terminal import coins_table, jobs_table, quality_table, series_table
from server.operations.findings import PROBLEM, Finding
from server.operations.terminal import findings_table
from server.prediction.terminal import NARROW, forecast_shown
from server.registry.terminal import history_table, models_table, steps_table
from server.training.terminal import comparison, sessions_table
from tests.prediction.answers import answer

WIDTH = 80
ID = "0123456789abcdef" * 2
KIND = {"ticker": "DOGE-USDT", "interval": "15m", "model_type": "LSTM"}
MOMENT = "2026-11-21T19:30:00.000Z"
FIGURES = {
    "rmse": 1234.5678,
    "mae": 12345.6789,
    "mape": 12.3456,
    "r2_return": -0.1234,
    "mase": 1.2345,
    "skill": -1.2345,
    "directional_accuracy": 0.5123,
    "dm_p_value": 0.123,
    "coverage_80": 1.0,
    "coverage_95": 1.0,
}
REPORT = {"rows": 17_513, "overall": FIGURES, "drift": FIGURES, "steps": [{"step": 24, **FIGURES}]}
MODEL = {**KIND, "model_id": ID, "version": 12, "status": "candidate", "metrics": REPORT, "baseline": REPORT}
SESSION = {
    **KIND,
    "session_id": ID,
    "status": "IN_PROGRESS",
    "progress": {"epoch": 1000, "total_epochs": 1000},
    "created_at": MOMENT,
}
ACTIVATION = {**KIND, "model_id": ID, "activated_at": MOMENT, "reason": "better", "previous_model_id": ID}
STORED = Series("DOGE-USDT", "15m", 1514764800, 1577836800, 1_234_567, ("binance", "the shipped sample"))
JOB = MarketJob(
    id=ID,
    ticker="DOGE-USDT",
    interval="15m",
    status="IN_PROGRESS",
    percentage=100.0,
    counts={"stored": 1_234_567},
    error={"message": "coinbase did not answer for 30 s"},
)
QUALITY = {
    "ticker": "DOGE-USDT",
    "interval": "15m",
    **{"rows": 1_234_567, "missing": 12_345, "gaps": 1_234, "flat": 98_765},
    "flags": {"counts": {"jump": 1_111, "wick": 2_222, "deviates": 3_333}},
    "freshness": {"overdue": 4_444},
    "audit": {"audited_at": "2026-11-21T19:30:00Z"},
}
COIN = {
    "coin_id": "wrapped-staked-ether-of-somebody",
    "symbol": "WSTETH",
    "name": "Wrapped staked ether",
    "market_cap": 1_234_567_890_123.0,
    "market_cap_rank": 1000,
    "ticker": "WSTETH-USD",
    "sources": ["coinbase", "kraken"],
    "updated_at": "2026-11-21T19:30:00Z",
}
PATH = "/srv/crypto-predict/" + "artifacts-of-the-year-" * 4 + "end"


def printed(*parts: RenderableType, width: int = WIDTH) -> str:
    console = Console(record=True, width=width)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))
    text = console.export_text()
    assert "…" not in text
    return text


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            sessions_table([SESSION], 1),
            [ID, "DOGE-USDT 15m LSTM", "IN_PROGRESS", "1000/1000", "2026-11-21 19:30"],
        ),
        (models_table([MODEL], 1), [ID, "1,235", "-123.45%", "51.2%", "100.0%"]),
        (steps_table(MODEL), ["24", "1,235", "-123.45%", "51.2%", "0.123", "100.0%"]),
        (history_table([ACTIVATION], 1), [ID, MOMENT, "DOGE-USDT 15m LSTM"]),
        (series_table([STORED]), ["DOGE-USDT 15m", "1,234,567", "2018-01-01 00:00", "2020-01-01 00:00"]),
        (jobs_table([JOB]), [ID, "DOGE-USDT 15m", "IN_PROGRESS", "100 %", "1,234,567"]),
        (
            quality_table([QUALITY]),
            [
                *("DOGE-USDT 15m", "audited 2026-11-21", "1,234,567", "12,345", "1,234", "98,765"),
                *("1,111", "2,222", "3,333", "4,444"),
            ],
        ),
        (
            coins_table([COIN]),
            [COIN["coin_id"], "1,234,567,890,123", "1000", "2026-11-21 19:30", "WSTETH-USD"],
        ),
        (
            comparison(REPORT, REPORT),
            ["12,345.6789", "1,234.5678", "-123.45%", "covered by the 95 % interval"],
        ),
    ],
    ids=["sessions", "models", "steps", "history", "series", "jobs", "quality", "coins", "comparison"],
)
def test_ids_and_numbers_are_whole(table: RenderableType, words: list[str]) -> None:
    text = printed(table)
    for part in words:
        assert part in text


def priced(factor: float) -> dict[str, Any]:
    made = answer(2)
    for step in (*made["predictions"], *made["baseline"]):
        for name in step:
            if name.startswith(("lower", "upper", "predicted_price")):
                step[name] *= factor
    return made


@pytest.mark.parametrize("width", [WIDTH, NARROW])
def test_a_forecast_of_six_digits_is_whole(width: int) -> None:
    text = printed(*forecast_shown(priced(15), width), width=width)
    for number in ("120,060.00", "119,460.00", "120,660.00", "118,860.00", "121,260.00", "120,000.00"):
        assert number in text
    assert ("confidence" in text) is (width == NARROW)


def test_a_path_longer_than_its_column_is_folded() -> None:
    finding = Finding("artifacts", PROBLEM, f"{PATH} cannot be written", "Free it")
    text = printed(findings_table([finding]))
    assert PATH in re.sub(r"[\s│┃]", "", text)
