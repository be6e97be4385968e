"""The web process: ``gunicorn wsgi:app`` or ``python wsgi.py``; ``flask`` finds its commands here too."""

from server.asynchronous import patch, serve

patch()

from server.app import create_app  # noqa: E402 - nothing may be imported before the patch
from server.local.environment import adopt_running_stack, settings_refused_in_words  # noqa: E402
from server.observability.logs import log_to_stdout  # noqa: E402

adopt_running_stack()
with settings_refused_in_words(__name__):
    app = create_app()

if __name__ == "__main__":
    log_to_stdout()
    serve(app)
