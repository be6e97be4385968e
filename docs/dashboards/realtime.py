"""Socket.IO: who is connected, what is sent, how late it arrives."""

from docs.dashboards.panels import AMBER, RED, Query, dashboard, label_variable, lines, number

LAG = 'sum by (le) (rate(crypto_predict_realtime_lag_seconds_bucket{instance=~"$instance"}[5m]))'
DISCONNECTS = 'crypto_predict_socketio_disconnects_total{reason!="client disconnect"}'

REALTIME = dashboard(
    "crypto-predict-realtime",
    "Realtime",
    "Open connections, events sent to rooms, and how late they reach them.",
    [
        (
            "Now",
            [
                number(
                    "Connections",
                    "Open Socket.IO connections",
                    "none",
                    Query("job:socketio_connections:sum"),
                    width=6,
                ),
                number(
                    "Events",
                    "Events sent to rooms in a second",
                    "cps",
                    Query("sum(rate(crypto_predict_events_published_total[5m]))"),
                    width=6,
                ),
                number(
                    "Latest in a hundred",
                    "99th percentile of the time from record to room",
                    "s",
                    Query("job:realtime_lag_seconds:p99_5m"),
                    width=6,
                    thresholds=[(0.5, AMBER), (2.5, RED)],
                ),
                number(
                    "Broken",
                    "Connections of the last 5 minutes that no client closed",
                    "none",
                    Query(f"sum(increase({DISCONNECTS}[5m]))"),
                    width=6,
                    thresholds=[(20, AMBER)],
                ),
            ],
        ),
        (
            "Connections",
            [
                lines(
                    "Open",
                    "Open connections, by web process",
                    "none",
                    Query('crypto_predict_socketio_connections{instance=~"$instance"}', "{{instance}}"),
                    stacked=True,
                    minimum=0,
                ),
                lines(
                    "Ended",
                    "Connections that ended in a second, by what ended them",
                    "cps",
                    Query("reason:socketio_disconnects:rate5m", "{{reason}}"),
                    stacked=True,
                    minimum=0,
                ),
            ],
        ),
        (
            "Events",
            [
                lines(
                    "Sent",
                    "Events sent to rooms in a second, by type",
                    "cps",
                    Query("sum by (type) (rate(crypto_predict_events_published_total[5m]))", "{{type}}"),
                    stacked=True,
                    minimum=0,
                ),
                lines(
                    "Lag",
                    "Time from an event's being recorded to its being sent to the room's members",
                    "s",
                    Query(f"histogram_quantile(0.5, {LAG})", "half of them"),
                    Query(f"histogram_quantile(0.99, {LAG})", "99 %"),
                    thresholds=[(2.5, RED)],
                    minimum=0,
                ),
                lines(
                    "Left out",
                    "Events not sent because Redis did not take them; rooms read them from the log",
                    "cps",
                    Query("sum(rate(crypto_predict_events_left_out_total[5m]))", "left out"),
                    minimum=0,
                ),
                lines(
                    "Clients cut off",
                    "Clients in a second that were cut off because they did not read",
                    "cps",
                    Query(
                        'sum(rate(crypto_predict_errors_total{error_code="client_too_slow"}[5m]))', "too slow"
                    ),
                    minimum=0,
                ),
            ],
        ),
    ],
    [label_variable("instance", "Web process", "crypto_predict_socketio_connections")],
)
