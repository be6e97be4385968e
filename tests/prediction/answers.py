"""An answer of ``POST /predict`` and events of its room, written by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from server.market.moments import iso

REQUEST_ID = "0f3c1b2a-4d5e"
ORIGIN = datetime(2018, 4, 14, 14, tzinfo=UTC)
CLOSE = 8000.0


def answer(steps: int = 24, **changes: Any) -> dict[str, Any]:
    """A forecast whose price rises by 2 and whose intervals widen by 20 and 40 a step."""
    return {
        "request_id": REQUEST_ID,
        "model_id": "c" * 32,
        "model": {
            "model_type": "CNN",
            "version": 3,
            "status": "active",
            "trained_until": "2018-04-10T11:00:00.000Z",
            "horizon": steps,
            "skill": 0.0012,
            "coverage_80": 0.798,
            "coverage_95": 0.951,
        },
        "ticker": "BTC-USD",
        "interval": "1h",
        "origin": {"timestamp": iso(ORIGIN), "close": CLOSE},
        "generated_at": iso(ORIGIN),
        "predictions": [_step(number) for number in range(1, steps + 1)],
        "baseline": [
            {"step": number, "timestamp": _time(number), "predicted_price": CLOSE}
            for number in range(1, steps + 1)
        ],
        "warnings": [],
        "last_seq": 1,
        **changes,
    }


def update(seq: int, kind: str, data: dict[str, Any], request_id: str | None = REQUEST_ID) -> dict[str, Any]:
    """One ``prediction_update``."""
    return {
        "seq": seq,
        "type": kind,
        "ticker": "BTC-USD",
        "interval": "1h",
        "request_id": request_id,
        "timestamp": iso(ORIGIN + timedelta(hours=seq)),
        "data": data,
    }


def scored(*errors: tuple[float, float], settled: int = 1) -> dict[str, Any]:
    """``data`` of a ``scored`` event with these errors of model and naive forecast."""
    steps = [
        {
            "step": number,
            "timestamp": _time(number),
            "predicted_price": CLOSE + error,
            "actual": CLOSE,
            "error": error,
            "naive_error": naive_error,
            "inside_80": abs(error) < 20,
            "inside_95": True,
            "corrected": False,
        }
        for number, (error, naive_error) in enumerate(errors, start=1)
    ]
    return {
        "model_id": "c" * 32,
        "origin": iso(ORIGIN),
        "settled_steps": settled,
        "horizon": 24,
        "steps": steps,
    }


def _step(number: int) -> dict[str, Any]:
    price = CLOSE + 2 * number
    return {
        "step": number,
        "timestamp": _time(number),
        "predicted_price": price,
        "lower_80": price - 20 * number,
        "upper_80": price + 20 * number,
        "lower_95": price - 40 * number,
        "upper_95": price + 40 * number,
        "confidence_score": 0.52,
    }


def _time(number: int) -> str | None:
    return iso(ORIGIN + timedelta(hours=number))
