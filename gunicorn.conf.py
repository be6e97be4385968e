"""How gunicorn serves ``wsgi:app``: ``gunicorn wsgi:app`` reads this file by itself."""

import gc

from server.asynchronous import allow_one_file_per_client
from server.config import Settings
from server.realtime.parting import keep_shut

settings = Settings.from_environment()
bind = settings.address()
worker_class = "server.realtime.parting.PartingWorker"
# One worker: rooms span processes, but a client's polling requests must all reach the same one, and
# gunicorn gives each connection to whichever worker is free. More processes are more replicas behind nginx,
# which keeps a client on one (docs/decisions/0013-many-web-processes.md). For the same reason no worker is
# replaced after so many requests: that would cut every socket of the process.
workers = 1
worker_connections = 10_000
# When a process dies all its clients come back within a second. The kernel's net.core.somaxconn limits
# this, too.
backlog = 4096
# After SIGTERM, or SIGHUP, which replaces the worker, sockets are let go, up to 100 a second, and rejoin with
# the last `seq` that they saw; requests in flight have as long. Whoever stops the process must wait a bit
# longer (`stop_grace_period` of Compose); what is cut then finds its events in the log all the same.
graceful_timeout = 60
timeout = 60
control_socket_disable = True
logger_class = "server.observability.gunicorn_log.GunicornLog"
loglevel = settings.log_level
# Where a request comes from is for PROXY_HOPS alone; gunicorn would believe any process of this machine.
forwarded_allow_ips = ""
# The application logs every request itself, with its request id.
accesslog = None
# PROMETHEUS_MULTIPROC_DIR needs no child_exit hook: a process holds its name in that folder by a lock that
# the kernel releases, and what it left open is dropped at the next scrape (process_slots.py).

allow_one_file_per_client()


def when_ready(server):
    """The port is bound, and no worker has loaded the application yet."""
    keep_shut(server.LISTENERS)


def post_worker_init(worker):
    """The application is loaded, under patches that nothing may be imported before."""
    from server.observability.logs import log_to_stdout

    log_to_stdout()
    # What is loaded stays as long as the process: to look through it for garbage takes 0.1 s, in which no
    # room hears anything and no request is answered.
    gc.freeze()
