"""OpenAI's API as its own client speaks it: the same prompts as the page's, the same refusals, nothing kept."""

import tempfile
from pathlib import Path

import httpx
import openai
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from transcripts.formats import reading
from ui.api import routes
from ui.kit import access
from ui.server import queue

PROMPT = Path("/usr/share/asterisk/sounds/fr_CA_f_June/vm-intro.wav")
SAID = "raccrocher"
LIMITS = ("ALLO_PASSWORD", "SPACE_ID", "ALLO_MAX_MB", "ALLO_PER_VISITOR")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in LIMITS:
        monkeypatch.delenv(name, raising=False)
    yield
    access.unlock()


@pytest.fixture(scope="module")
def http():
    with TestClient(Starlette(routes=routes.ROUTES), base_url="http://127.0.0.1/v1") as client:
        yield client


@pytest.fixture(scope="module")
def client(http) -> openai.OpenAI:
    return openai.OpenAI(api_key="any", base_url="http://127.0.0.1/v1", http_client=http, max_retries=0)


def send(http, name: str = "a.wav", content: bytes | None = None, **fields) -> httpx.Response:
    content = PROMPT.read_bytes() if content is None else content
    return http.post("audio/transcriptions", files={"file": (name, content)}, data={"model": "whisper-1"} | fields)


def error(answer: httpx.Response) -> dict:
    assert set(answer.json()) == {"error"} and set(answer.json()["error"]) == {"message", "type", "param", "code"}
    return answer.json()["error"]


def ask(client: openai.OpenAI, **fields):
    fields = {"model": "whisper-1", "language": "fr"} | fields
    with PROMPT.open("rb") as file:
        return client.audio.transcriptions.create(file=file, **fields)


def test_the_text(client):
    assert SAID in ask(client).text
    assert ask(client, response_format="text").strip() == ask(client).text


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_subtitles(client, format):
    found = reading(ask(client, response_format=format), format)
    assert SAID in found.text and 0 < found.turns[-1].end <= 8


def test_times_of_words_and_segments(client):
    whole = ask(client, response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert (whole.language, whole.task) == ("french", "transcribe") and 7 < float(whole.duration) < 8
    assert " ".join(segment.text for segment in whole.segments) == whole.text
    assert [word.word for word in whole.words] == whole.text.split()
    assert all(0 <= word.start <= word.end <= 8 for word in whole.words)
    assert all(segment.avg_logprob <= 0 for segment in whole.segments)
    assert ask(client, response_format="verbose_json").words is None
    assert ask(client, response_format="verbose_json", timestamp_granularities=["word"]).segments is None
    assert reading(whole.model_dump_json(), "json").text.split() == whole.text.split()


def test_a_translation_is_english(client):
    with PROMPT.open("rb") as file:
        found = client.audio.translations.create(file=file, model="whisper-1", response_format="verbose_json")
    assert found.language == "english" and SAID not in found.text


def test_the_language_is_detected_where_none_is_given(http):
    answer = send(http, response_format="verbose_json")
    assert answer.json()["language"] == "french"


def test_a_file_without_a_header_is_known_by_its_name(http):
    from speech.audio.decode import read

    samples = (read(PROMPT).waveform[0, ::2] * 32767).astype("<i2").tobytes()  # 8 kHz
    assert SAID in send(http, "appel.sln", samples, language="fr").json()["text"]
    assert error(send(http, "appel.wav", samples))["message"].startswith("“appel.wav” is not a recording")


def test_models(client):
    names = [model.id for model in client.models.list()]
    assert names[:2] == ["whisper-1", "whisper-base"]
    assert client.models.retrieve("whisper-base").id == "whisper-base"
    with pytest.raises(openai.NotFoundError, match="neither a model"):
        client.models.retrieve("whisper-9")
    assert SAID in ask(client, model="whisper-base").text


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": "pdf"}, "response_format"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
        ({"timestamp_granularities[]": "word"}, "timestamp_granularities"),
        ({"response_format": "verbose_json", "timestamp_granularities[]": "letter"}, "timestamp_granularities"),
        ({"language": "klingon"}, None),
        ({"prompt": "mot " * 400}, None),
    ],
)
def test_what_cannot_be_is_refused_in_openais_words(http, fields, param):
    answer = send(http, **fields)
    refused = error(answer)
    assert (answer.status_code, refused["type"], refused["param"]) == (400, "invalid_request_error", param)


@pytest.mark.parametrize("model", ["whisper-9", "../../etc", "/etc/passwd"])
def test_an_unknown_model_is_not_found(http, model):
    answer = send(http, model=model)
    assert (answer.status_code, error(answer)["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("body", [{"json": {"file": "a.wav"}}, {"content": b""}, {"data": {"model": "whisper-1"}}])
def test_a_request_without_a_file_is_refused(http, body):
    answer = http.post("audio/transcriptions", **body)
    assert answer.status_code == 400 and "multipart/form-data" in error(answer)["message"]
    answer = http.post("audio/transcriptions", files={"other": b"x"})
    assert (answer.status_code, error(answer)["param"]) == (400, "file")


def test_a_broken_form_is_refused(http):
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = http.post("audio/transcriptions", content=b"--y\r\nnonsense", headers={"Content-Type": kind})
        assert answer.status_code == 400 and error(answer)["message"]


def test_a_file_that_is_too_large_is_refused_however_it_comes(http, monkeypatch):
    monkeypatch.setenv("ALLO_MAX_MB", "1")
    assert send(http, content=bytes(1_100_000)).status_code == 413
    whole = http.build_request("POST", "audio/transcriptions", files={"file": ("a.wav", bytes(1_100_000))})
    kind = {"Content-Type": whole.headers["Content-Type"]}
    answer = http.post("audio/transcriptions", content=iter([whole.read()]), headers=kind)  # no length announced
    assert answer.status_code == 413 and "1 MB" in error(answer)["message"]


def test_a_full_line_says_when_to_come_back(http, monkeypatch):
    monkeypatch.setenv("ALLO_PER_VISITOR", "1")
    with queue.line.enter("testclient"):
        answer = send(http)
    assert (answer.status_code, error(answer)["type"]) == (429, "rate_limit_error")
    assert int(answer.headers["Retry-After"]) > 0


def test_the_password_is_the_key(http, monkeypatch):
    monkeypatch.setenv("ALLO_PASSWORD", "sesame")
    for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "sesam"}):
        answer = http.post("audio/transcriptions", files={"file": b"x"}, headers=headers)
        assert (answer.status_code, error(answer)["code"]) == (401, "invalid_api_key")
        assert http.get("models", headers=headers).status_code == 401
    assert http.get("models", headers={"Authorization": "Bearer sesame"}).status_code == 200


def test_refusals_speak_the_readers_language(http):
    answer = http.post("audio/transcriptions", files={"other": b"x"}, headers={"Accept-Language": "fr-FR"})
    assert error(answer)["message"].startswith("La requête ne contient pas de fichier")


def test_nothing_is_kept(http, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert SAID in send(http, content=PROMPT.read_bytes() + bytes(2_000_000), language="fr").json()["text"]
    assert send(http, "notes.wav", b"words that nobody said" * 100_000).status_code == 400
    assert list(tmp_path.iterdir()) == []
