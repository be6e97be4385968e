"""Candles: how fresh, how whole, and how their sources are doing."""

from docs.dashboards.panels import AMBER, RED, Query, dashboard, label_variable, lines, number, states

SERIES = '{ticker=~"$ticker", interval=~"$interval"}'
AGE = f"series:age_seconds:max{SERIES} / series:interval_seconds:max{SERIES}"
LEGEND = "{{ticker}} {{interval}}"


def _quantile(share: float, metric: str, by: str = "") -> str:
    return f"histogram_quantile({share}, sum by (le{by}) (rate({metric}_bucket[15m])))"


MARKET = dashboard(
    "crypto-predict-market",
    "Market data",
    "Freshness and gaps of the followed series, live candles, and the sources they come from.",
    [
        (
            "Now",
            [
                number(
                    "Oldest series",
                    "Age of the newest candle of the series that lags most, in candles",
                    "none",
                    Query(f"max({AGE})"),
                    width=6,
                    thresholds=[(1.5, AMBER), (2, RED)],
                ),
                number(
                    "Missing candles",
                    "Candles that followed series lack between their first and their newest",
                    "none",
                    Query(f"sum(series:missing_candles:max{SERIES})"),
                    width=6,
                ),
                number(
                    "Sources left alone",
                    "Sources whose breaker is open",
                    "none",
                    Query("count(source:state:max == 3) or vector(0)"),
                    width=6,
                    thresholds=[(1, RED)],
                ),
                number(
                    "Live candles",
                    "Candles stored by the stream in the last hour",
                    "none",
                    Query("sum(increase(crypto_predict_candles_streamed_total[1h]))"),
                    width=6,
                ),
            ],
        ),
        (
            "Series",
            [
                lines(
                    "Age in candles",
                    "Time since the newest candle closed, as a multiple of the interval",
                    "none",
                    Query(AGE, LEGEND),
                    thresholds=[(2, RED)],
                    minimum=0,
                ),
                lines(
                    "Missing candles",
                    "Candles that a series lacks between its first and its newest",
                    "none",
                    Query(f"series:missing_candles:max{SERIES}", LEGEND),
                    minimum=0,
                ),
                lines(
                    "Stored candles",
                    "All stored candles of a series",
                    "none",
                    Query(f"max by (ticker, interval) (crypto_predict_series_candles{SERIES})", LEGEND),
                    minimum=0,
                ),
                lines(
                    "Live candles",
                    "Candles in a minute that the stream stored: over the line, or fetched",
                    "none",
                    Query(
                        "60 * sum by (origin) (rate(crypto_predict_candles_streamed_total[15m]))",
                        "{{origin}}",
                    ),
                    stacked=True,
                    minimum=0,
                ),
                lines(
                    "Lag of live candles",
                    "Time from a candle's end to its being stored",
                    "s",
                    Query(_quantile(0.5, "crypto_predict_stream_lag_seconds"), "half of them"),
                    Query(_quantile(0.99, "crypto_predict_stream_lag_seconds"), "99 %"),
                    minimum=0,
                ),
                lines(
                    "Lines opened again",
                    "Lines to a source in the last hour that failed and were opened again",
                    "none",
                    Query(
                        "sum by (source) (increase(crypto_predict_stream_reconnects_total[1h]))", "{{source}}"
                    ),
                    minimum=0,
                ),
            ],
        ),
        (
            "Sources",
            [
                lines(
                    "Streamed series",
                    "Series by where their live candles come from: live, fallback, failing or waiting",
                    "none",
                    Query(
                        "sum by (state) (max by (source, state) (crypto_predict_streamed_series))",
                        "{{state}}",
                    ),
                    stacked=True,
                    minimum=0,
                ),
                lines(
                    "Clocks of the sources",
                    "How far the clock of a source is ahead of the machine that asked it",
                    "s",
                    Query("max by (source) (crypto_predict_source_clock_ahead_seconds)", "{{source}}"),
                ),
                states(
                    "Breaker",
                    "How each source is doing, as all processes see it",
                    Query("source:state:max", "{{source}}"),
                    [
                        ("well", "green"),
                        ("asked for patience", "yellow"),
                        ("on probation", "orange"),
                        ("left alone", "red"),
                    ],
                    width=24,
                ),
                lines(
                    "Calls",
                    "Attempts to ask a source in a minute, by outcome",
                    "none",
                    Query(
                        "60 * sum by (source, outcome) (rate(crypto_predict_source_calls_total[15m]))",
                        "{{source}} {{outcome}}",
                    ),
                    minimum=0,
                ),
                lines(
                    "Waits for a turn",
                    "Time that calls waited within the limiter: 95 % waited at most this long",
                    "s",
                    Query(_quantile(0.95, "crypto_predict_source_wait_seconds", ", source"), "{{source}}"),
                    minimum=0,
                ),
            ],
        ),
    ],
    [
        label_variable("ticker", "Ticker", "crypto_predict_series_candles"),
        label_variable("interval", "Interval", "crypto_predict_series_candles"),
    ],
)
