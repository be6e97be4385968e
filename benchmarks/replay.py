"""Weeks that no model has seen, candle by candle: what the forecasts were worth, and their intervals.

Real candles of ETH-USDT, one hour each (Binance, January to September 2024). All four networks are
trained through the product on those before 2024-08-01 (lookback 48, 24 steps, at most 30 epochs).
Then the series is followed and every later candle is stored by `POST /market/import`, one at a time:
each settles what was forecast of it, corrects the widths of the intervals, and makes the worker forecast
again with every active model, as in production. The figures are those of `GET /predictions/performance`,
over all steps of all forecasts. The candles are no part of the project: without them nothing is measured.
"""

from __future__ import annotations

import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.database import reading
from benchmarks.product import Poster, running_product, wait_until_warm
from benchmarks.report import Row, as_text, quick
from benchmarks.trained_model import train
from tests.stack import Stack

TICKER, INTERVAL = "ETH-USDT", "1h"
CANDLES = Path(__file__).resolve().parents[1].parent / "shared" / "data" / f"{TICKER}_{INTERVAL}.csv"
FIRST_UNSEEN = "2024-08-01"
NETWORKS = ("CNN", "LSTM", "CNN-LSTM", "LSTM-CNN")
TRAINING = {
    "ticker": TICKER, "interval": INTERVAL, "lookback": 48, "horizon": 24, "epochs": 30, "patience": 5,
    "batch_size": 32, "seed": 7,
}  # fmt: skip
COVERAGE_GOAL = 4.0
CANDLE_SECONDS = 60.0
WAITING = """
    SELECT %(models)s - (SELECT count(*) FROM predictions
                         WHERE ticker = %(ticker)s AND interval = %(interval)s AND trigger = 'schedule'
                           AND origin = %(candle)s),
           (SELECT count(*) FROM predictions JOIN prediction_steps USING (request_id)
            WHERE ticker = %(ticker)s AND interval = %(interval)s AND settled_steps < horizon
              AND target_time <= %(candle)s AND actual IS NULL)
"""


def run() -> list[Row]:
    """Train, replay, and read the live table."""
    if not CANDLES.exists():
        return [Row("replay", "not measured", "", note=f"the candles are not there: {CANDLES.name}")]
    header, *lines = CANDLES.read_text().splitlines()
    seen = [line for line in lines if line < FIRST_UNSEEN]
    unseen = lines[len(seen) :][: 60 if quick() else None]
    networks = NETWORKS[:1] if quick() else NETWORKS
    with running_product() as stack:
        _store(stack, [header, *seen])
        for network in networks:
            epochs = {"epochs": 2} if quick() else {}
            train(stack, {**TRAINING, "model_type": network, **epochs})
        wait_until_warm(stack)
        Poster(stack).call("PUT", f"/market/followed/{TICKER}/{INTERVAL}")
        delays = _replay(stack, header, unseen, len(networks))
        performance = _performance(stack)
    return _rows(performance, delays)


def _store(stack: Stack, lines: Sequence[str]) -> None:
    request = urllib.request.Request(
        f"{stack.base_url}/api/v1/market/import?ticker={TICKER}&interval={INTERVAL}&source=Binance",
        data="\n".join(lines).encode(),
        headers={"Content-Type": "text/csv"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def _replay(stack: Stack, header: str, lines: Sequence[str], models: int) -> list[float]:
    """Store the candles one by one, each when all that follows from the one before is done.

    Returns, per candle, the milliseconds from sending it until that moment.
    """
    delays = []
    with reading(stack) as cursor:
        for number, line in enumerate(lines, start=1):
            started = time.perf_counter()
            _store(stack, [header, line])
            _wait(stack, cursor, line.partition(",")[0], models)
            delays.append(1e3 * (time.perf_counter() - started))
            if number % 100 == 0:
                print(f"replay: {number} of {len(lines)} candles", file=sys.stderr, flush=True)
    return delays


def _wait(stack: Stack, cursor: Any, candle: str, models: int) -> None:
    """Until every active model has forecast from this candle, and nothing that it settles is open."""
    asked = {"ticker": TICKER, "interval": INTERVAL, "candle": candle, "models": models}
    deadline = time.monotonic() + CANDLE_SECONDS
    while True:
        cursor.execute(WAITING, asked)
        forecasts, steps = cursor.fetchone()
        if forecasts <= 0 and steps == 0:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{candle}: {forecasts} forecasts, {steps} scores missing\n{stack.logs()}")
        time.sleep(0.005)


def _performance(stack: Stack) -> dict[str, dict[str, Any]]:
    """Live figures by network, and of all of them together as ``all``, there also by ``steps``."""
    path = f"/predictions/performance?ticker={TICKER}&interval={INTERVAL}&group_by="
    by_model, (together,), by_step = (
        Poster(stack).call("GET", path + group)["groups"] for group in ("model", "series", "step")
    )
    found: dict[str, dict[str, Any]] = {figures["model_type"]: figures for figures in by_model}
    return {**found, "all": {**together, "steps": by_step}}


def _rows(performance: dict[str, dict[str, Any]], delays: list[float]) -> list[Row]:
    rows = [row for name, figures in performance.items() for row in _rows_of(name, figures)]
    edge = len(delays) // 8
    first, last = median(delays[:edge]), median(delays[-edge:])
    return [
        *rows,
        Row("candle stored until scored and forecast from; peer: the first eighth", last, "ms", first,
            last / first, note=f"medians; {len(delays)} candles, {len(performance) - 1} models, "
                               f"slowest {max(delays):,.0f} ms"),
    ]  # fmt: skip


def _rows_of(name: str, figures: dict[str, Any]) -> list[Row]:
    counts = f"{figures['origins']:,} origins, {figures['rows']:,} forecast steps"
    period = f"{figures['first'][:10]} to {figures['last'][:10]}"
    low, high = figures["directional_accuracy_interval"]
    ratio = figures["rmse"] / figures["naive_rmse"]
    return [
        Row(f"{name}: RMSE; peer: naive", figures["rmse"], "USDT", figures["naive_rmse"], ratio,
            note=f"skill {figures['skill']:+.2%}; {counts}, {period}"),
        Row(f"{name}: direction right", 100 * figures["directional_accuracy"], "%",
            note=f"95 % interval {low:.1%} to {high:.1%}"),
        *_coverage_rows(name, figures),
    ]  # fmt: skip


def _coverage_rows(name: str, figures: dict[str, Any]) -> list[Row]:
    return [
        Row(f"{name}: coverage of the {level} % interval", 100 * figures[f"coverage_{level}"], "%", level,
            None, f"within {COVERAGE_GOAL:.0f} points",
            abs(100 * figures[f"coverage_{level}"] - level) <= COVERAGE_GOAL,
            _by_step(f"coverage_{level}", figures))
        for level in (80, 95)
    ]  # fmt: skip


def _by_step(figure: str, figures: dict[str, Any]) -> str:
    """The step with the lowest share and the one with the highest, where figures are known by step."""
    if not (steps := figures.get("steps")):
        return ""
    low, high = (choose(steps, key=lambda step: float(step[figure])) for choose in (min, max))
    return f"from {low[figure]:.1%} (step {low['step']}) to {high[figure]:.1%} (step {high['step']})"


if __name__ == "__main__":
    print(as_text(run()))
