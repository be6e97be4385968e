# The workers, beat, the stream of live candles and the `flask` commands, with TensorFlow:
#   docker build -f docker/worker.Dockerfile -t crypto-predict/worker .
# A base is pinned to the byte by appending its digest:
#   --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:...
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
# Outside of it, so that the image that runs has no installer.
RUN python -m venv --without-pip /opt/venv
WORKDIR /packages
COPY requirements.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --disable-pip-version-check --python /opt/venv/bin/python install -r requirements.txt

FROM ${PYTHON_IMAGE} AS worker
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="crypto-predict worker" \
      org.opencontainers.image.description="Trainings, forecasts and market data of crypto-predict" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    APP_ENV=production \
    HOST=0.0.0.0 \
    LOG_FORMAT=json \
    TF_CPP_MIN_LOG_LEVEL=2
WORKDIR /app
# A named volume takes over the owner of the folder that it is mounted on.
RUN install --directory --owner=10001 --group=10001 \
    /var/lib/crypto-predict/artifacts /var/lib/crypto-predict/backups \
    /var/lib/crypto-predict/beat /run/metrics
COPY --from=packages /opt/venv /opt/venv
COPY wsgi.py ./
COPY docker/healthcheck.py docker/
COPY migrations/ migrations/
COPY server/ server/
# The root file system is read-only: what is not compiled now would be compiled at every start.
RUN python -m compileall -q server migrations wsgi.py docker
USER 10001:10001
EXPOSE 9101
STOPSIGNAL SIGTERM
# The Compose file tells each worker its queue, name and pool, and its check the same name.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "docker/healthcheck.py", "worker", "worker"]
CMD ["python", "-m", "celery", "--quiet", "-A", "server.worker:celery", "worker", "--loglevel", "INFO", \
     "--without-mingle", "--without-gossip", "-n", "worker@%h", "-Q", "default", "-P", "threads", "-c", "2"]
