# Two stages: the first builds the environment, the second holds nothing but Python, the environment and the content.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements/build.txt requirements/run.txt requirements/
RUN /app/.venv/bin/pip install --no-cache-dir --quiet -r requirements/build.txt -r requirements/run.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY bot bot
COPY dialogs dialogs
COPY content content
COPY docs/rules docs/rules
RUN /app/.venv/bin/pip install --no-cache-dir --quiet --no-deps --no-build-isolation .
RUN FOOTNOTE_CACHE=/app/cache FOOTNOTE_DIALOGS=/app/dialogs FOOTNOTE_CONTENT=/app/content /app/.venv/bin/footnote train
# nothing is installed where it runs
RUN /app/.venv/bin/pip uninstall --yes --quiet setuptools pip

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin footnote \
    && install --directory --owner=10001 --group=10001 /data
COPY --from=build /app/.venv /app/.venv
COPY --from=build /app/cache /app/cache
COPY dialogs /app/dialogs
COPY content /app/content
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FOOTNOTE_DIALOGS=/app/dialogs \
    FOOTNOTE_CONTENT=/app/content \
    FOOTNOTE_CACHE=/app/cache \
    FOOTNOTE_HOST=0.0.0.0 \
    FOOTNOTE_PORT=8080
# the database is ./footnote.sqlite3 unless FOOTNOTE_DATABASE_URL (or its _FILE, which a variable set here would hide) says otherwise
WORKDIR /data
USER 10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
CMD ["footnote", "serve"]
