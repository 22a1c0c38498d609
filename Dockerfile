# One image for all of Assay: the command is `backend`, `run`, `worker` or any other of `assay`.
# How to run it: compose.yaml and docs/operations.md.
FROM python:3.12.12-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app
# Dependencies change less often than the code, so they are a layer of their own.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-default-groups --no-install-project --no-build
COPY README.md LICENSE ./
COPY backend backend
COPY sync sync
COPY label_configs label_configs
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-default-groups --no-editable

FROM python:3.12.12-slim-bookworm
LABEL org.opencontainers.image.title="Assay" \
      org.opencontainers.image.description="Which batches of machine-made labels in Label Studio are good enough to train on" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN install --directory --owner=10001 --group=10001 /data
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH HOME=/data ASSAY_HOME=/data PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# assay.toml is read from the working directory; nothing outside of /data and /tmp is written.
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 9090
# Of the default command; compose.yaml has those of `run` and `worker`.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 CMD ["assay", "health", "backend"]
ENTRYPOINT ["assay"]
CMD ["backend", "--host", "0.0.0.0"]
