# The command mock-csms, with all packages, for a user without privileges.
# docs/container.md shows how to run it.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE server.py charge_point.py commands.py ./
COPY mock_csms mock_csms
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/mock-csms \
    && /opt/mock-csms/bin/pip install --no-cache-dir /wheels/*.whl

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home mock
COPY --from=build /opt/mock-csms /opt/mock-csms
ENV PATH=/opt/mock-csms/bin:$PATH \
    OCPP_MOCK_HOST=0.0.0.0
# The folder of files that the server writes, such as .pki, a journal or a report.
WORKDIR /data
USER 10001
EXPOSE 9000 9001
# The port for stations serves /health, also with TLS. urllib would heed a proxy in the environment.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s CMD ["python", "-c", "from http.client import HTTPConnection; server = HTTPConnection('127.0.0.1', 9000, timeout=2); server.request('GET', '/health'); exit(server.getresponse().status != 200)"]
ENTRYPOINT ["mock-csms"]
