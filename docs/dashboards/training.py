"""Training sessions: how many, how fast, how they end."""

from docs.dashboards.panels import AMBER, RED, Query, dashboard, label_variable, lines, number

EPOCHS = 'crypto_predict_training_epoch_seconds_{}{{model_type=~"$model_type"}}'


def _epoch_quantile(share: float) -> str:
    rates = f"sum by (le, model_type) (rate({EPOCHS.format('bucket')}[15m]))"
    return f"histogram_quantile({share}, {rates})"


TRAINING = dashboard(
    "crypto-predict-training",
    "Training",
    "Sessions that wait, run and end; epochs by network; the queue behind them.",
    [
        (
            "Now",
            [
                number(
                    "Waiting",
                    "Sessions that wait for a worker",
                    "none",
                    Query("max(crypto_predict_training_queue_depth)"),
                    thresholds=[(3, AMBER)],
                ),
                number(
                    "Running",
                    "Sessions that a worker runs",
                    "none",
                    Query("max(crypto_predict_training_active_sessions)"),
                ),
                number(
                    "Silence",
                    "Time since the last event of the running session that is silent longest",
                    "s",
                    Query("job:training_progress_age_seconds:max"),
                    thresholds=[(300, AMBER), (900, RED)],
                ),
                number(
                    "Failing",
                    "Share of the sessions of the last hour that failed",
                    "percentunit",
                    Query("job:training_failures:ratio1h"),
                    thresholds=[(0.1, AMBER), (0.3, RED)],
                ),
                number(
                    "Workers",
                    "Live workers of the queue training",
                    "none",
                    Query('queue:workers:max{queue="training"}'),
                ),
                number(
                    "Models",
                    "Registered models, whatever their status",
                    "none",
                    Query("sum(max by (status) (crypto_predict_models))"),
                ),
            ],
        ),
        (
            "Sessions",
            [
                lines(
                    "Ended",
                    "Sessions that ended within the hour before, by how",
                    "none",
                    Query(
                        "sum by (status) "
                        '(model_type:training_sessions:increase1h{model_type=~"$model_type"})',
                        "{{status}}",
                    ),
                    stacked=True,
                    minimum=0,
                ),
                lines(
                    "Failing",
                    "Share that failed of those that ended by themselves within the hour before",
                    "percentunit",
                    Query("job:training_failures:ratio1h", "failed"),
                    thresholds=[(0.3, RED)],
                    minimum=0,
                    maximum=1,
                ),
                lines(
                    "Waiting and running",
                    "Sessions that wait for a worker, and that one runs",
                    "none",
                    Query("max(crypto_predict_training_queue_depth)", "waiting"),
                    Query("max(crypto_predict_training_active_sessions)", "running"),
                    minimum=0,
                ),
                lines(
                    "Silence of running sessions",
                    "Longest time since a running session's last event; an epoch writes one at its end",
                    "s",
                    Query("job:training_progress_age_seconds:max", "silent for"),
                    minimum=0,
                ),
            ],
        ),
        (
            "Epochs",
            [
                lines(
                    "Time per epoch",
                    "Half of the epochs, and 95 %, took at most this long, by network",
                    "s",
                    Query(_epoch_quantile(0.5), "{{model_type}} 50 %"),
                    Query(_epoch_quantile(0.95), "{{model_type}} 95 %"),
                    minimum=0,
                ),
                lines(
                    "Epochs",
                    "Epochs in a minute, by network",
                    "none",
                    Query(
                        f"60 * sum by (model_type) (rate({EPOCHS.format('count')}[15m]))", "{{model_type}}"
                    ),
                    minimum=0,
                ),
                lines(
                    "Tasks in the queue",
                    "Tasks of the queue training that no worker has taken yet",
                    "none",
                    Query('queue:messages:max{queue="training"}', "waiting"),
                    minimum=0,
                ),
                lines(
                    "Memory of the trainers",
                    "Each process of the workers that train, with its part of the pages that they share",
                    "bytes",
                    Query(
                        'crypto_predict_process_memory_bytes{service="worker-training"}',
                        "{{instance}} {{process}}",
                    ),
                    minimum=0,
                ),
            ],
        ),
    ],
    [label_variable("model_type", "Network", "crypto_predict_training_sessions_total")],
)
