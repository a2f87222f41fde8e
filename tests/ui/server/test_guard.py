"""What is refused before gradio sees it, and that no other site frames the page."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ui.kit import access
from ui.server import guard

pytestmark = pytest.mark.fast

LOCAL = frozenset(access.HERE)


def client(names: frozenset[str] | None = LOCAL) -> TestClient:
    async def answer(request):
        return PlainTextResponse("here")

    async def greet(socket):
        await socket.accept()
        await socket.close()

    routes = [WebSocketRoute("/socket", greet), Route("/{path:path}", answer, methods=["GET", "POST"])]
    app = Starlette(routes=routes, middleware=[Middleware(guard.Guard, names=names)])
    return TestClient(app, base_url="http://localhost:7860")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    for name in ("SPACE_ID", "ALLO_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/deep_link?session_hash=a",
        "/gradio_api/deep_link/",
        "/gradio_api/dev/reload",
        "/sub/gradio_api/deep_link",
        "/gradio_api/process_recording",
        "/gradio_api/%64eep_link",
    ],
)
def test_what_nobody_needs_is_not_there(path):
    assert client().get(path).status_code == client().post(path).status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:7860", "127.0.0.1.nip.io", "192.168.1.7:7860", ""]
)
@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/mcp/schema"])
def test_another_name_for_this_machine_reads_nothing(host, path):
    assert client().get(path, headers={"host": host}).status_code == 421
    with pytest.raises(WebSocketDisconnect), client().websocket_connect("/socket", headers={"host": host}):
        pass


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7861", "[::1]:7860", "LOCALHOST:7860"])
def test_its_own_names_are_answered(host):
    assert client().get("/", headers={"host": host}).text == "here"


def test_names_are_asked_where_the_page_is_for_this_machine_alone(monkeypatch):
    assert access.names("127.0.0.1", shared=False) == LOCAL
    assert access.names("127.0.0.1", shared=True) is None  # a link's name is not known before
    assert access.names("0.0.0.0", shared=False) is None
    monkeypatch.setenv("ALLO_HOSTS", "Allo.example, ")
    assert access.names("localhost", shared=False) == LOCAL | {"allo.example"}
    monkeypatch.setenv("SPACE_ID", "ada/allo")
    assert access.names("127.0.0.1", shared=False) is None


def test_no_other_site_frames_the_page(monkeypatch):
    headers = client().get("/").headers
    assert headers["x-frame-options"] == "SAMEORIGIN" and headers["content-security-policy"] == "frame-ancestors 'self'"
    monkeypatch.setenv("SPACE_ID", "ada/allo")
    headers = client(None).get("/").headers
    assert "https://huggingface.co" in headers["content-security-policy"] and "x-frame-options" not in headers


def test_an_address_sends_no_more_than_its_share(monkeypatch):
    monkeypatch.setenv("ALLO_MB_AN_HOUR", "0.0025")
    visitor = client()

    def send() -> int:
        return visitor.post("/gradio_api/upload", content=b"x" * 1000).status_code

    assert [send(), send(), send()] == [200, 200, 429]
    assert "MB" in visitor.post("/gradio_api/upload", content=b"x" * 1000).text
    later = guard.time.monotonic() + guard.HOUR + 1
    monkeypatch.setattr(guard.time, "monotonic", lambda: later)
    assert send() == 200


def test_an_upload_says_its_size_and_fits_on_the_disk(monkeypatch):
    assert client().post("/gradio_api/upload", content=iter([b"x"])).status_code == 411
    monkeypatch.setattr(guard, "RESERVE", 2**62)
    answer = client().post("/gradio_api/upload", content=b"x", headers={"accept-language": "fr"})
    assert answer.status_code == 507 and "disque" in answer.text


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:9976", "http://localhost:7860.evil.example"]
)
def test_another_site_opens_no_socket(origin):
    with (
        pytest.raises(WebSocketDisconnect),
        client(None).websocket_connect("/socket", headers={"host": "localhost:7860", "origin": origin}),
    ):
        pass
    with client(None).websocket_connect(
        "/socket", headers={"host": "localhost:7860", "origin": "http://localhost:7860"}
    ):
        pass


FORMS = {  # content type, the part's Content-Disposition
    "a field without a file's name": ("boundary=x", b'name="files"'),
    "a name in another way": ("boundary=x", b"name=\"files\"; filename*=UTF-8''a.wav"),
    "a long boundary": (f"boundary={'x' * 3000}", b'name="files"; filename="a.wav"'),
    "a long name": ("boundary=x", b'name="files"; filename="%s"' % (b"a" * 9000)),
    "no boundary": ("", b'name="files"; filename="a.wav"'),
}


@pytest.fixture(scope="module")
def page():
    """gradio itself, behind the guard."""
    import gradio as gr

    with gr.Blocks() as demo:
        gr.File()
    app = gr.routes.App.create_app(demo, app_kwargs={"middleware": [Middleware(guard.Guard)]})
    demo.max_file_size = None
    return TestClient(app, base_url="http://localhost:7860")


def sent(page: TestClient, disposition: bytes, boundary: str = "boundary=x"):
    content = b"--x\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\nwords\r\n--x--\r\n"
    return page.post(
        "/gradio_api/upload", content=content, headers={"content-type": f"multipart/form-data; {boundary}"}
    )


@pytest.mark.parametrize("case", FORMS)
def test_a_form_without_a_file_is_refused(page, case):
    boundary, disposition = FORMS[case]
    answer = sent(page, disposition, boundary)
    assert answer.status_code in (400, 413) and answer.text


@pytest.mark.parametrize("name", ["", ".", "...", "///", "\0", "   ", "é" * 200, "a.wav"])
def test_a_file_of_any_name_is_taken(page, name):
    assert sent(page, f'name="files"; filename="{name}"'.encode()).status_code == 200
