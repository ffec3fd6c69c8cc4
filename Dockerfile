# The service without PostGIS, which docker-compose.yml brings. Everything is what requirements.lock and
# package-lock.json pin; the tools of development stay out.

FROM node:22-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev

FROM python:3.12-slim-bookworm AS packages
RUN pip install --no-cache-dir uv==0.13.9 && uv venv /opt/everycell
# The service's user may write no bytecode, and without it each start compiles everything anew.
ENV UV_COMPILE_BYTECODE=1
WORKDIR /build
COPY pyproject.toml requirements.lock README.md ./
# The lock as constraints: its versions and hashes, for what the service itself depends on only.
RUN uv pip install --no-cache --python /opt/everycell/bin/python --require-hashes -r pyproject.toml -c requirements.lock
COPY gis gis
COPY maps maps
COPY api api
COPY --from=assets /build/node_modules node_modules
RUN /opt/everycell/bin/python -m maps.assets \
    && uv pip install --no-cache --python /opt/everycell/bin/python --no-deps .

FROM python:3.12-slim-bookworm
# The Chinese font that the monthly report embeds in its PDF.
RUN apt-get update -q && apt-get install -q -y --no-install-recommends fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home --home-dir /data everycell
COPY --from=packages /opt/everycell /opt/everycell
ENV PATH=/opt/everycell/bin:$PATH EVERYCELL_HOME=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER everycell
WORKDIR /data
EXPOSE 8000
CMD ["everycell", "serve", "--host", "0.0.0.0", "--port", "8000"]
