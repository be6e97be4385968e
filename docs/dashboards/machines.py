"""Workers, queues, and the machines beneath."""

from docs.dashboards.panels import AMBER, RED, Query, dashboard, label_variable, lines, number

OURS = 'instance=~"$instance"'
LEGEND = "{{service}} {{instance}}"
PG = "pg_stat_database_xact_{}"

MACHINES = dashboard(
    "crypto-predict-machines",
    "Workers and hosts",
    "Live workers and their queues; memory, processor and disk; PostgreSQL and Redis.",
    [
        (
            "Now",
            [
                number(
                    "Queues without a worker",
                    "Queues from which no live worker takes",
                    "none",
                    Query("count(queue:workers:max == 0) or vector(0)"),
                    thresholds=[(1, RED)],
                ),
                number(
                    "Waiting tasks",
                    "Tasks in all queues",
                    "none",
                    Query("sum(queue:messages:max)"),
                    thresholds=[(20, AMBER)],
                ),
                number(
                    "Fullest memory",
                    "Memory of the service nearest to its limit",
                    "percentunit",
                    Query("max(instance:memory:ratio)"),
                    thresholds=[(0.75, AMBER), (0.9, RED)],
                ),
                number(
                    "Fullest disk",
                    "Free share of the fullest file system",
                    "percentunit",
                    Query("min(filesystem:available:ratio)"),
                ),
                number(
                    "PostgreSQL connections",
                    "Share of the allowed ones that are open",
                    "percentunit",
                    Query("max(instance:postgres_connections:ratio)"),
                    thresholds=[(0.8, AMBER), (0.95, RED)],
                ),
                number(
                    "Redis memory",
                    "Share of its limit; nothing is shown without one",
                    "percentunit",
                    Query("max(instance:redis_memory:ratio)"),
                    thresholds=[(0.8, AMBER), (0.95, RED)],
                ),
            ],
        ),
        (
            "Workers",
            [
                lines(
                    "Live workers",
                    "Workers that have said lately that they take from a queue",
                    "none",
                    Query("queue:workers:max", "{{queue}}"),
                    minimum=0,
                ),
                lines(
                    "Waiting tasks",
                    "Tasks in each queue that no worker has taken",
                    "none",
                    Query("queue:messages:max", "{{queue}}"),
                    stacked=True,
                    minimum=0,
                ),
                lines(
                    "Tasks",
                    "Tasks that ended in a second, by Celery's word for how",
                    "cps",
                    Query(
                        "sum by (task, state) (rate(crypto_predict_tasks_total[5m]))", "{{task}} {{state}}"
                    ),
                    minimum=0,
                ),
                lines(
                    "Time per task",
                    "Mean time from the start of a task to its end",
                    "s",
                    Query(
                        "sum by (task) (rate(crypto_predict_task_seconds_sum[5m]))"
                        " / sum by (task) (rate(crypto_predict_task_seconds_count[5m]))",
                        "{{task}}",
                    ),
                    minimum=0,
                ),
                lines(
                    "Memory",
                    "What counts against a service's limit: shared pages once, temporary files included",
                    "bytes",
                    Query(f"crypto_predict_memory_used_bytes{{{OURS}}}", LEGEND),
                    minimum=0,
                ),
                lines(
                    "Memory, of the limit",
                    "The same as a share of what the service may use",
                    "percentunit",
                    Query(f"instance:memory:ratio{{{OURS}}}", LEGEND),
                    thresholds=[(0.9, RED)],
                    minimum=0,
                ),
                lines(
                    "Processor",
                    "Processors kept busy by all processes of a service",
                    "none",
                    Query(f"instance:process_cpu_seconds:rate5m{{{OURS}}}", LEGEND),
                    minimum=0,
                ),
                lines(
                    "Open files",
                    "Files and sockets open in each process",
                    "none",
                    Query(f"crypto_predict_process_open_files{{{OURS}}}", LEGEND + " {{process}}"),
                    minimum=0,
                ),
            ],
        ),
        (
            "Hosts",
            [
                lines(
                    "Processor",
                    "Share of all processors that is busy",
                    "percentunit",
                    Query(
                        '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
                        "{{instance}}",
                    ),
                    minimum=0,
                    maximum=1,
                ),
                lines(
                    "Memory",
                    "Share of the machine's memory that is taken",
                    "percentunit",
                    Query("1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "{{instance}}"),
                    minimum=0,
                    maximum=1,
                ),
                lines(
                    "Disk",
                    "Free share of each file system; alerts begin at 15 % and 5 %",
                    "percentunit",
                    Query("filesystem:available:ratio", "{{instance}} {{mountpoint}}"),
                    minimum=0,
                    maximum=1,
                ),
                lines(
                    "Load",
                    "Processes that run or wait to, over 5 minutes",
                    "none",
                    Query("node_load5", "{{instance}}"),
                    minimum=0,
                ),
            ],
        ),
        (
            "PostgreSQL and Redis",
            [
                lines(
                    "PostgreSQL connections",
                    "Open connections by state, beside how many are allowed",
                    "none",
                    Query("sum by (state) (pg_stat_activity_count)", "{{state}}"),
                    Query("max(pg_settings_max_connections)", "allowed"),
                    dashed="allowed",
                    minimum=0,
                ),
                lines(
                    "PostgreSQL transactions",
                    "Transactions in a second",
                    "cps",
                    Query(f"sum(rate({PG.format('commit')}[5m]))", "committed"),
                    Query(f"sum(rate({PG.format('rollback')}[5m]))", "rolled back"),
                    minimum=0,
                ),
                lines(
                    "Size of the database",
                    "Bytes on disk, by database",
                    "bytes",
                    Query("pg_database_size_bytes", "{{datname}}"),
                    minimum=0,
                ),
                lines(
                    "Redis memory",
                    "Bytes in use, beside the limit (0: none)",
                    "bytes",
                    Query("redis_memory_used_bytes", "used"),
                    Query("redis_memory_max_bytes", "limit"),
                    dashed="limit",
                    minimum=0,
                ),
                lines(
                    "Redis clients",
                    "Open connections to Redis",
                    "none",
                    Query("redis_connected_clients", "clients"),
                    minimum=0,
                ),
                lines(
                    "Redis commands",
                    "Commands in a second",
                    "cps",
                    Query("rate(redis_commands_processed_total[5m])", "commands"),
                    minimum=0,
                ),
            ],
        ),
    ],
    [label_variable("instance", "Instance", "crypto_predict_memory_limit_bytes")],
)
