"""Forecasts: how many, how fast, and how right they were."""

from docs.dashboards.panels import AMBER, RED, Query, dashboard, label_variable, lines, number, states

KIND = 'ticker=~"$ticker", interval=~"$interval"'
SECONDS = "sum by (le) (rate(crypto_predict_prediction_seconds_bucket[5m]))"
LEGEND = "{{ticker}} {{interval}} {{model_type}}"


def _hit_ratio(hits: str, misses: str, by: str = "") -> str:
    rates = [f"sum{by} (rate({name}[15m]))" for name in (hits, misses)]
    return f"{rates[0]} / ({rates[0]} + {rates[1]})"


PREDICTIONS = dashboard(
    "crypto-predict-predictions",
    "Predictions",
    "Forecasts asked for, the time they take, and what became of them beside what was promised.",
    [
        (
            "Now",
            [
                number(
                    "Forecasts",
                    "Asked for in a second, over 5 minutes",
                    "reqps",
                    Query("sum(model_type:predictions:rate5m)"),
                    width=6,
                ),
                number(
                    "Slowest in a hundred",
                    "99th percentile of the time to a stored answer",
                    "s",
                    Query("job:prediction_seconds:p99_5m"),
                    width=6,
                    thresholds=[(0.1, AMBER), (0.5, RED)],
                ),
                number(
                    "Model in memory",
                    "Share of the forecasts whose model was ready",
                    "percentunit",
                    Query(
                        _hit_ratio(
                            "crypto_predict_model_cache_hits_total", "crypto_predict_model_cache_misses_total"
                        )
                    ),
                    width=6,
                ),
                number(
                    "Drifting models",
                    "Active models whose live figures are out of band",
                    "none",
                    Query("sum(max by (ticker, interval, model_type) (crypto_predict_model_drifting))"),
                    width=6,
                    thresholds=[(1, AMBER)],
                ),
            ],
        ),
        (
            "Service",
            [
                lines(
                    "Rate by outcome",
                    "Forecasts in a second: made, repeated, refused or unavailable",
                    "reqps",
                    Query("sum by (status) (model_type:predictions:rate5m)", "{{status}}"),
                    stacked=True,
                    minimum=0,
                ),
                lines(
                    "Rate by network",
                    "Forecasts in a second, by the network that made them",
                    "reqps",
                    Query("sum by (model_type) (model_type:predictions:rate5m)", "{{model_type}}"),
                    stacked=True,
                    minimum=0,
                ),
                lines(
                    "Latency",
                    "Time from a request for a forecast to its stored answer",
                    "s",
                    Query(f"histogram_quantile(0.5, {SECONDS})", "half of them"),
                    Query(f"histogram_quantile(0.99, {SECONDS})", "99 %"),
                    minimum=0,
                ),
                lines(
                    "Cache hits",
                    "Share of answers that were ready: models in memory, and cached indicators",
                    "percentunit",
                    Query(
                        _hit_ratio(
                            "crypto_predict_model_cache_hits_total", "crypto_predict_model_cache_misses_total"
                        ),
                        "models",
                    ),
                    Query(
                        _hit_ratio(
                            "crypto_predict_cache_hits_total",
                            "crypto_predict_cache_misses_total",
                            " by (cache)",
                        ),
                        "{{cache}}",
                    ),
                    minimum=0,
                    maximum=1,
                ),
            ],
        ),
        (
            "Held to account",
            [
                lines(
                    "Live skill",
                    "1 - rmse / rmse of naive over the scored forecasts; 0 is the last close",
                    "percentunit",
                    Query(f"kind:live_skill:max{{{KIND}}}", LEGEND),
                    Query("vector(0)", "naive"),
                    dashed="naive",
                ),
                lines(
                    "Scored steps",
                    "Outcomes that skill and coverage rest on; below 200 nothing is judged",
                    "none",
                    Query(f"kind:live_outcomes:max{{{KIND}}}", LEGEND),
                    minimum=0,
                ),
                lines(
                    "Coverage of the 80 % intervals",
                    "Share of outcomes inside, beside what was promised",
                    "percentunit",
                    Query(f'kind:live_coverage:max{{level="80", {KIND}}}', LEGEND),
                    Query("vector(0.8)", "nominal"),
                    dashed="nominal",
                    maximum=1,
                ),
                lines(
                    "Coverage of the 95 % intervals",
                    "Share of outcomes inside, beside what was promised",
                    "percentunit",
                    Query(f'kind:live_coverage:max{{level="95", {KIND}}}', LEGEND),
                    Query("vector(0.95)", "nominal"),
                    dashed="nominal",
                    maximum=1,
                ),
                states(
                    "Drift",
                    "When the live figures of an active model were out of their band",
                    Query(
                        f"max by (ticker, interval, model_type) (crypto_predict_model_drifting{{{KIND}}})",
                        LEGEND,
                    ),
                    [("in band", "green"), ("drifting", "red")],
                    width=24,
                ),
            ],
        ),
    ],
    [
        label_variable("ticker", "Ticker", "crypto_predict_model_drifting"),
        label_variable("interval", "Interval", "crypto_predict_model_drifting"),
    ],
)
