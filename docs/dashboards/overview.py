"""Rate, errors, duration; and whether everything is there."""

from docs.dashboards.panels import AMBER, RED, Query, dashboard, lines, number, table

OVERVIEW = dashboard(
    "crypto-predict-overview",
    "Overview",
    "Requests, errors and their duration, and whether every part of the product runs.",
    [
        (
            "Now",
            [
                number(
                    "Requests",
                    "Answered in a second, over 5 minutes",
                    "reqps",
                    Query("job:http_requests:rate5m"),
                ),
                number(
                    "Failing",
                    "Share of the requests answered with 5xx, over 5 minutes",
                    "percentunit",
                    Query("job:http_errors:ratio5m"),
                    thresholds=[(0.01, AMBER), (0.05, RED)],
                ),
                number(
                    "Slowest in a hundred",
                    "99th percentile of the time to an answer, over 5 minutes",
                    "s",
                    Query("job:http_latency_seconds:p99_5m"),
                    thresholds=[(0.5, AMBER), (1, RED)],
                ),
                number(
                    "Instances down",
                    "Scraped processes that do not answer",
                    "none",
                    Query("count(up == 0) or vector(0)"),
                    thresholds=[(1, RED)],
                ),
                number(
                    "Queues without a worker",
                    "Queues from which no live worker takes",
                    "none",
                    Query("count(queue:workers:max == 0) or vector(0)"),
                    thresholds=[(1, RED)],
                ),
                number(
                    "Alerts",
                    "Alerts that fire",
                    "none",
                    Query('count(ALERTS{alertstate="firing"}) or vector(0)'),
                    thresholds=[(1, AMBER)],
                ),
            ],
        ),
        (
            "Requests",
            [
                lines(
                    "Rate by status",
                    "Answers in a second, by status code",
                    "reqps",
                    Query("sum by (status) (url_rule:http_requests:rate5m)", "{{status}}"),
                    stacked=True,
                    minimum=0,
                ),
                lines(
                    "Errors",
                    "Share of the requests answered with 5xx; the alert ServerErrors begins at 5 %",
                    "percentunit",
                    Query("job:http_errors:ratio5m", "5xx"),
                    thresholds=[(0.05, RED)],
                    minimum=0,
                ),
                lines(
                    "Duration",
                    "Time to an answer over all routes; the alert SlowRequests begins at one second",
                    "s",
                    Query("job:http_latency_seconds:p50_5m", "half of them"),
                    Query("job:http_latency_seconds:p99_5m", "99 %"),
                    thresholds=[(1, RED)],
                    minimum=0,
                ),
                lines(
                    "Slowest routes",
                    "99th percentile of the time to an answer, the five slowest routes",
                    "s",
                    Query("topk(5, url_rule:http_latency_seconds:p99_5m)", "{{method}} {{url_rule}}"),
                    minimum=0,
                ),
                lines(
                    "Busiest routes",
                    "Requests in a second, the ten busiest routes",
                    "reqps",
                    Query(
                        "topk(10, sum by (method, url_rule) (url_rule:http_requests:rate5m))",
                        "{{method}} {{url_rule}}",
                    ),
                    minimum=0,
                ),
                lines(
                    "Errors by code",
                    "Errors in a second that were answered or recorded, by error code",
                    "cps",
                    Query(
                        "sum by (error_code) (rate(crypto_predict_errors_total[5m])) > 0", "{{error_code}}"
                    ),
                    minimum=0,
                ),
            ],
        ),
        (
            "Instances",
            [
                table(
                    "Firing",
                    "What each alert means stands in docs/runbooks",
                    Query('ALERTS{alertstate="firing"}'),
                ),
                lines(
                    "Instances up",
                    "Replicas of each service that answer",
                    "none",
                    Query("sum by (service) (up)", "{{service}}"),
                    minimum=0,
                ),
            ],
        ),
    ],
)
