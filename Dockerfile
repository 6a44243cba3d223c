FROM python:3.12-slim
# A CPU torch first: the one that pip finds by itself brings several GB of CUDA along.
RUN pip install --no-cache-dir uv && uv pip install --system --no-cache --torch-backend cpu "torch>=2.6"
WORKDIR /antiphon
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip install --no-cache-dir ".[scores]"
# Any user may write here, also one that the image does not know (docker run --user).
ENV ANTIPHON_CACHE=/tmp/antiphon
WORKDIR /audio
ENTRYPOINT ["antiphon"]
