# The dashboard in a container: exact versions, checked by hash, served by a plain user.
#   docker build --tag costs . && docker run --publish 127.0.0.1:8501:8501 costs
# docs/deploying.md tells what belongs in front of it.
FROM python:3.13-slim

WORKDIR /app
COPY requirements-dashboard.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-dashboard.lock

COPY app.py ./
COPY .streamlit .streamlit
COPY estimator estimator
COPY pricing_data pricing_data
# What is imported is compiled now, since the user who runs it may write nothing here.
RUN python -m compileall -q estimator app.py && useradd --system --create-home estimator
USER estimator
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1

EXPOSE 8501
# The first answer is worked out before the first visitor is let in.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.headless", "true"]
