# One image, two processes: `ringside api` (the default) and `ringside consume`; `ringside migrate`
# before them. Build: docker build -t ringside . (--build-arg PARQUET=1: `ringside import` of Parquet)
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/ringside
COPY requirements/ requirements/
RUN /opt/ringside/bin/pip install --require-hashes -r requirements/runtime.txt \
 && python -m venv /opt/backend \
 && /opt/backend/bin/pip install --require-hashes -r requirements/build.txt
ARG PARQUET=
RUN if [ -n "$PARQUET" ]; then \
      /opt/ringside/bin/pip install --require-hashes -r requirements/parquet.txt; fi
COPY pyproject.toml README.md ./
COPY app/ app/
COPY consumers/ consumers/
COPY migrations/ migrations/
# The backend is the locked one, and stays behind.
RUN /opt/backend/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/ringside/bin/pip install --no-deps dist/*.whl \
 && /opt/ringside/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home --home-dir /var/lib/ringside ringside
COPY --from=build /opt/ringside /opt/ringside
ENV PATH=/opt/ringside/bin:$PATH PYTHONUNBUFFERED=1 RINGSIDE_DATA_DIR=/var/lib/ringside/data
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/ringside
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["ringside"]
CMD ["api"]
