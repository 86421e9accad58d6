# syntax=docker/dockerfile:1
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# What s3syncd needs is a layer of its own, built again only when these two pages change. pip and
# the build backend stay in this stage.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > requirements.txt \
 && python -m venv --without-pip /opt/s3syncd \
 && python -m venv --without-pip /opt/build \
 && python -m pip --python /opt/s3syncd install -c constraints.txt -r requirements.txt \
 && python -m pip --python /opt/build install -c constraints.txt hatchling
COPY README.md LICENSE config.example.yml ./
COPY contrib/man contrib/man
COPY s3syncd s3syncd
RUN /opt/build/bin/hatchling build -t wheel \
 && python -m pip --python /opt/s3syncd install --no-deps --no-index dist/*.whl \
 && /opt/s3syncd/bin/s3syncd --version

FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="s3syncd" \
      org.opencontainers.image.description="Keeps local directories and S3 prefixes equal, continuously" \
      org.opencontainers.image.licenses="MIT"
# Not root. The directories to sync are mounted readable for this uid (or run with --user).
RUN groupadd --gid 10001 s3syncd \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/s3syncd --no-create-home --shell /usr/sbin/nologin s3syncd \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/s3syncd \
 && install -d /etc/s3syncd
COPY --from=build /opt/s3syncd /opt/s3syncd
ENV PATH=/opt/s3syncd/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    STATE_DIRECTORY=/var/lib/s3syncd
USER 10001:10001
# Ledgers and control socket. Without a volume a new container hashes everything once more.
VOLUME ["/var/lib/s3syncd"]
# Liveness only: trouble with S3 never restarts the daemon. The same as /livez, by the control socket:
# it works whatever http.listen says, and the image has no program that speaks HTTP. Alerts belong to
# /healthz and /metrics.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["s3syncd", "-c", "/etc/s3syncd/config.yml", "status", "--live"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["s3syncd"]
CMD ["-c", "/etc/s3syncd/config.yml"]
