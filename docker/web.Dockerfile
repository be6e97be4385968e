# The web process, without TensorFlow and without what only workers need:
#   docker build -f docker/web.Dockerfile -t crypto-predict/web .
# A base is pinned to the byte by appending its digest:
#   --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:...
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS client
WORKDIR /client
COPY client/package.json client/package-lock.json client/.npmrc ./
# Not `npm ci`: the lock has the tools' builds for this platform alone, and it would miss those for all others.
# Versions and checksums are those of the lock.
RUN --mount=type=cache,target=/root/.npm \
    npm install --no-save --include=dev --ignore-scripts --no-audit --no-fund
COPY client/ ./
RUN npm run build

FROM ${PYTHON_IMAGE} AS packages
# Outside of it, so that the image that runs has no installer.
RUN python -m venv --without-pip /opt/venv
WORKDIR /packages
COPY requirements-web.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --disable-pip-version-check --python /opt/venv/bin/python install -r requirements-web.txt
# The packages' own tests and the C sources that some come with: 43 MB that nothing here reads.
RUN find /opt/venv -depth \( -type d -name tests -o -type f -name '*.c' \) -exec rm -r {} +

FROM ${PYTHON_IMAGE} AS web
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="crypto-predict web" \
      org.opencontainers.image.description="API, sockets and dashboard of crypto-predict; no TensorFlow" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    APP_ENV=production \
    HOST=0.0.0.0 \
    PORT=5000 \
    LOG_FORMAT=json
WORKDIR /app
# A named volume takes over the owner of the folder that it is mounted on.
RUN install --directory --owner=10001 --group=10001 /var/lib/crypto-predict/artifacts /run/metrics
COPY --from=packages /opt/venv /opt/venv
COPY wsgi.py gunicorn.conf.py ./
COPY docker/healthcheck.py docker/
COPY migrations/ migrations/
COPY server/ server/
COPY --from=client /client/dist/ client/dist/
# The root file system is read-only: what is not compiled now would be compiled at every start.
RUN python -m compileall -q server migrations wsgi.py gunicorn.conf.py docker
USER 10001:10001
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "docker/healthcheck.py", "web"]
CMD ["python", "-m", "gunicorn", "wsgi:app"]
