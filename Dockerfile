# The ML backend by default; `assay run` in the same image is the worker.
FROM python:3.12-slim

RUN pip install --no-cache-dir uv==0.13.8 && useradd --create-home assay
WORKDIR /app
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY backend backend
COPY sync sync
COPY label_configs label_configs
RUN uv sync --locked --no-default-groups --no-editable && mkdir /data && chown assay /data

ENV PATH="/app/.venv/bin:$PATH" ASSAY_HOME=/data
USER assay
VOLUME /data
EXPOSE 9090
CMD ["assay", "backend", "--host", "0.0.0.0"]
