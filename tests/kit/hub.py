"""A small Hub on loopback, for huggingface_hub's real client (HF_ENDPOINT): folders are its repositories."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from huggingface_hub import DatasetCard

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Handler(BaseHTTPRequestHandler):
    repositories: dict[str, Path]
    gated: set[str]
    silent: threading.Event

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        if not self.silent.wait(0):
            return self._answer()
        while self.silent.is_set():  # takes the question, never answers
            time.sleep(0.1)

    def _answer(self):
        path = unquote(self.path.split("?")[0]).strip("/")
        kind, name, rest = self._parsed(path)
        if name in self.gated and not (kind == "api" and not rest):
            return self._refuse(401, "GatedRepo")
        if name not in self.repositories:
            return self._refuse(404, "RepoNotFound")
        folder = self.repositories[name]
        if kind == "api":
            if rest == "auth-check":
                return self._send(b"{}", "application/json")
            if rest.startswith("tree"):
                return self._tree(folder, rest.split("/")[2:], "recursive=true" in self.path.lower())
            files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
            siblings = [{"rfilename": file, "size": (folder / file).stat().st_size} for file in files]
            facts = {"id": name, "modelId": name, "sha": COMMIT, "private": False, "gated": name in self.gated}
            if (folder / "README.md").is_file():
                facts["cardData"] = DatasetCard.load(folder / "README.md").data.to_dict()
            return self._send(json.dumps(facts | {"siblings": siblings}).encode(), "application/json")
        file = folder / rest
        if not file.is_file():
            return self._refuse(404, "EntryNotFound")
        self._send(file.read_bytes(), "application/octet-stream", {"ETag": f'"{self._tag(file)}"'})

    def _tree(self, folder: Path, below: list[str], recursive: bool):
        start = folder.joinpath(*below)
        if not start.is_dir():
            return self._refuse(404, "EntryNotFound")
        found = sorted(start.rglob("*") if recursive else start.iterdir())
        entries = [
            {"type": "directory", "path": str(path.relative_to(folder)), "size": 0, "oid": ""}
            if path.is_dir()
            else {
                "type": "file",
                "path": str(path.relative_to(folder)),
                "size": path.stat().st_size,
                "oid": self._tag(path),
            }
            for path in found
        ]
        self._send(json.dumps(entries).encode(), "application/json")

    @staticmethod
    def _parsed(path: str) -> tuple[str, str, str]:
        """("api" or "file", owner/name, what follows)."""
        parts = path.removeprefix("datasets/").split("/")
        if parts[0] == "api":
            return "api", "/".join(parts[2:4]), "/".join(parts[4:])
        return "file", "/".join(parts[:2]), "/".join(parts[4:])  # owner/name/resolve/commit/file

    @staticmethod
    def _tag(file: Path) -> str:
        return hashlib.sha1(file.read_bytes()).hexdigest()

    def _send(self, body: bytes, kind: str, headers: dict[str, str] | None = None):
        self.send_response(200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _refuse(self, status: int, code: str):
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def serve(repositories: dict[str, Path], gated: set[str] = frozenset(), silent: bool = False) -> Iterator[str]:
    """The address of a Hub that has these repositories; a silent one takes the call and never answers."""
    quiet = threading.Event()
    if silent:
        quiet.set()
    handler = type("Hub", (Handler,), {"repositories": repositories, "gated": gated, "silent": quiet})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        quiet.clear()
        server.shutdown()
        server.server_close()
