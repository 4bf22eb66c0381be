# One image for `assay api`, `assay worker` and `assay migrate`.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements-uv.lock requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
 && uv venv /opt/assay \
 && uv pip install --no-cache --python /opt/assay/bin/python --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY assay assay
COPY workflows workflows
COPY activities activities
COPY api_shim api_shim
COPY schedules schedules
RUN uv pip install --no-cache --python /opt/assay/bin/python --no-deps .

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 assay
COPY --from=build /opt/assay /opt/assay
ENV PATH=/opt/assay/bin:$PATH PYTHONUNBUFFERED=1
USER assay
WORKDIR /home/assay
EXPOSE 8000
ENTRYPOINT ["assay"]
CMD ["--help"]
