"""How gunicorn serves ``wsgi:app``: ``gunicorn wsgi:app`` reads this file by itself."""

from server.asynchronous import allow_one_file_per_client
from server.config import Settings

settings = Settings.from_environment()
bind = f"{settings.host}:{settings.port}"
worker_class = "gevent"
# Rooms span processes, but a client's polling requests must reach the same one: more workers need
# sticky sessions in front, which gunicorn has not.
workers = 1
worker_connections = 10_000
# Open WebSockets never end by themselves; waiting longer for them only delays the stop.
graceful_timeout = 3
timeout = 60
control_socket_disable = True
# The application logs every request itself, with its request id.
accesslog = None

allow_one_file_per_client()
