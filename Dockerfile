# Allô on a server of one's own, or as a Docker Space: docker run -p 7860:7860 -v allo:/home/allo/.cache/allo allo
# With a GPU: docker run --gpus all ... (Not the slim image: it leaves out /usr/share/doc, where the prompts have their texts.)
FROM python:3.12

COPY packages.txt /tmp/
RUN apt-get update \
    && xargs -a /tmp/packages.txt apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*

# Spaces run images as this user.
RUN useradd --create-home --uid 1000 allo
USER allo
WORKDIR /home/allo/app
ENV PATH=/home/allo/.local/bin:$PATH PYTHONUNBUFFERED=1 ALLO_CACHE=/home/allo/.cache/allo

# What changes seldom comes first, so that a new version of Allô builds in seconds.
COPY --chown=allo requirements.txt requirements-offline.txt README.md ./
RUN sdk=$(sed -n 's/^sdk_version: *//p' README.md) \
    && pip install --no-cache-dir --user -r requirements.txt \
        "gradio[oauth,mcp]==$sdk" "uvicorn>=0.14.0" "websockets>=10.4" spaces==0.51.3 \
    && pip install --no-cache-dir --user --no-deps --require-hashes -r requirements-offline.txt
COPY --chown=allo . .

RUN mkdir -p $ALLO_CACHE
VOLUME /home/allo/.cache/allo
EXPOSE 7860
HEALTHCHECK --start-period=3m CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/config', timeout=5)"
CMD ["python", "app.py", "--host", "0.0.0.0"]
