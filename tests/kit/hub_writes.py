"""The small Hub of `tests.hub` with the half that writes: tokens, new repositories, uploads, commits, Jobs."""

import base64
import hashlib
import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from tests.kit.hub import COMMIT, Handler

ROOT = Path(__file__).parents[2]
SSE = "text/event-stream"
HARDWARE = [
    {"name": "cpu-basic", "prettyName": "CPU Basic", "cpu": "2 vCPU", "ram": "16 GB"}
    | {"unitCostMicroUSD": 167, "unitCostUSD": 0.000167, "unitLabel": "minute"},
    {"name": "a10g-small", "prettyName": "Nvidia A10G - small", "cpu": "4 vCPU", "ram": "15 GB"}
    | {"unitCostMicroUSD": 16_667, "unitCostUSD": 0.016667, "unitLabel": "minute"},
]


@dataclass
class Hub:
    """What the server keeps; a test looks into it and sets how it fails."""

    root: Path  # a folder a repository
    users: dict[str, str]  # a token's user
    url: str = ""
    private: set[str] = field(default_factory=set)
    commits: list[tuple[str, list[str]]] = field(default_factory=list)  # (repository, the paths of one commit)
    jobs: list[dict] = field(default_factory=list)  # as they were asked for
    stage: str = "SCHEDULING"  # of the last one
    log: list[str] = field(default_factory=list)  # its lines
    uploads: dict[str, bytes] = field(default_factory=dict)  # of large files, by sha256
    machine: str = "a10g-small"  # of its Spaces
    asked: list[dict] = field(default_factory=list)  # repositories that were to be created, as they were asked for
    fails: dict[str, int] = field(default_factory=dict)  # the status that an endpoint, by a part of its path, gives

    @property
    def repositories(self) -> dict[str, Path]:
        return {f"{path.parent.name}/{path.name}": path for path in self.root.glob("*/*")}

    def files(self, name: str) -> list[str]:
        folder = self.root / name
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class WritableHandler(Handler):
    hub: Hub

    @property
    def repositories(self) -> dict[str, Path]:
        mine = {name for name in self.hub.private if name.split("/")[0] == self._user()}
        return {name: path for name, path in self.hub.repositories.items() if name not in self.hub.private - mine}

    def _answer(self):
        path = self._path()
        if path == "api/whoami-v2":
            user = self._user()
            return self._json({"type": "user", "name": user, "orgs": []}) if user else self._refuse(401, "")
        if path in ("api/jobs/hardware", "api/spaces/hardware"):
            return self._json(HARDWARE)
        if path.startswith("api/spaces/") and path.endswith("/runtime"):
            if path.removeprefix("api/spaces/").removesuffix("/runtime") not in self.repositories:
                return self._refuse(404, "RepoNotFound")
            machine = {"current": self.hub.machine, "requested": self.hub.machine}
            return self._json({"stage": "RUNNING", "hardware": machine})
        if path.startswith("api/jobs/"):
            return self._job(path)
        if path.startswith(("api/models/", "api/spaces/")) and len(path.split("/")) == 4:
            return self._facts("/".join(path.split("/")[2:]))
        super()._answer()

    @staticmethod
    def _parsed(path: str) -> tuple[str, str, str]:
        return Handler._parsed(path.removeprefix("spaces/"))

    def _facts(self, name: str):
        if name not in self.repositories:
            return self._refuse(401, "RepoNotFound")
        files = [{"rfilename": file} for file in self.hub.files(name)]
        self._json({"id": name, "sha": COMMIT, "private": name in self.hub.private, "siblings": files})

    def do_PUT(self):
        oid = self._path().removeprefix("large/")
        content = self._body()
        if self._fails() or hashlib.sha256(content).hexdigest() != oid:
            return self._refuse(self._fails() or 400, "")
        self.hub.uploads[oid] = content
        self._json({})

    def do_POST(self):
        body, path = self._body(), self._path()
        user = self._user()
        if self._fails():
            return self._refuse(self._fails(), "")
        if path == "api/validate-yaml":
            return self._validate(json.loads(body)["content"])
        if user is None:
            return self._refuse(401, "")
        if path == "api/repos/create":
            return self._create(user, **json.loads(body))
        if path.endswith("/cancel"):
            self.hub.stage = "CANCELED"
            return self._json({})
        if path.startswith("api/jobs/"):
            return self._start(path.split("/")[2], user, json.loads(body))
        name = path
        for kind in ("api/", "models/", "spaces/", "datasets/"):
            name = name.removeprefix(kind)
        name = "/".join(name.split(".git/")[0].split("/")[:2])
        if name.split("/")[0] != user:
            return self._refuse(403, "")
        if path.endswith("/hardware"):
            self.hub.machine = json.loads(body)["flavor"]
            return self._json({"stage": "BUILDING", "hardware": {"current": None, "requested": self.hub.machine}})
        if "/preupload/" in path:
            modes = {file["path"]: self._mode(file["path"]) for file in json.loads(body)["files"]}
            files = [{"path": path, "uploadMode": mode, "shouldIgnore": False} for path, mode in modes.items()]
            return self._json({"files": files})
        if path.endswith("objects/batch"):
            return self._json({"objects": [self._upload(wanted) for wanted in json.loads(body)["objects"]]})
        if "/commit/" in path:
            return self._commit(name, [json.loads(line) for line in body.splitlines()])
        self._refuse(404, "")

    def _create(self, user: str, name: str, organization: str | None = None, visibility: str = "public", **rest):
        owner = organization or user
        self.hub.asked.append({"name": name, "visibility": visibility} | rest)
        if owner != user:
            return self._refuse(403, "")
        made = {"url": f"{self.hub.url}/{owner}/{name}"}
        if (self.hub.root / owner / name).exists():
            return self._json(made | {"error": "You already created this model repo"}, 409)
        (self.hub.root / owner / name).mkdir(parents=True)
        if visibility == "private":
            self.hub.private.add(f"{owner}/{name}")
        self._json(made)

    def _validate(self, card: str):
        try:
            facts = yaml.safe_load(card.split("---\n")[1])
        except yaml.YAMLError as error:
            return self._json({"errors": [{"message": str(error)}]}, 400)
        errors = [] if facts.get("license") else [{"message": '"license" is missing'}]
        self._json({"errors": errors, "warnings": []}, 400 if errors else 200)

    @staticmethod
    def _mode(path: str) -> str:
        return "lfs" if path.endswith(".safetensors") else "regular"

    def _upload(self, wanted: dict) -> dict:
        return wanted | {"actions": {"upload": {"href": f"{self.hub.url}/large/{wanted['oid']}"}}}

    def _commit(self, name: str, operations: list[dict]):
        """All of the commit's files at once, as a commit is."""
        contents = {}
        for operation in operations[1:]:
            value = operation["value"]
            if operation["key"] == "deletedFile":
                (self.hub.root / name / value["path"]).unlink()
            elif operation["key"] == "lfsFile":
                contents[value["path"]] = self.hub.uploads[value["oid"]]
            else:
                contents[value["path"]] = base64.b64decode(value["content"])
        for path, content in contents.items():
            (self.hub.root / name / path).parent.mkdir(parents=True, exist_ok=True)
            (self.hub.root / name / path).write_bytes(content)
        self.hub.commits.append((name, sorted(contents)))
        self._json({"commitUrl": f"{self.hub.url}/{name}/commit/{COMMIT}", "commitOid": COMMIT})

    def _start(self, namespace: str, user: str, asked: dict):
        self.hub.jobs.append(asked)
        self.hub.stage = "SCHEDULING"
        self._json(self._last(namespace))

    def _job(self, path: str):
        """One's own Jobs, or the last one, or what it says."""
        _, _, namespace, *which = path.split("/")
        if self._user() != namespace:
            return self._refuse(403, "")
        if not which:
            return self._json([self._last(namespace)] if self.hub.jobs else [])
        if which[1:] == ["logs"]:
            return self._send("".join(f"data: {json.dumps({'data': line})}\n\n" for line in self.hub.log).encode(), SSE)
        self._json(self._last(namespace))

    def _last(self, namespace: str) -> dict:
        owner = {"id": "1", "name": namespace, "type": "user"}
        status, times = {"stage": self.hub.stage, "message": None}, {"runningSecs": 42}
        facts = {"id": "job-1", "owner": owner, "status": status, "durations": times}
        return facts | {"createdAt": "2026-11-22T10:00:00.000Z", "command": self.hub.jobs[-1]["command"]}

    def _user(self) -> str | None:
        return self.hub.users.get(self.headers.get("Authorization", "").removeprefix("Bearer "))

    def _fails(self) -> int | None:
        return next((status for part, status in self.hub.fails.items() if part in self._path()), None)

    def _path(self) -> str:
        return unquote(self.path.split("?")[0]).strip("/")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _json(self, value, status: int = 200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serve_writable(root: Path, users: dict[str, str]) -> Iterator[Hub]:
    """A Hub that keeps its repositories in `root` and knows these tokens."""
    hub = Hub(root, users)
    handler = type("WritableHub", (WritableHandler,), {"hub": hub, "gated": set(), "silent": threading.Event()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serve_with_space(root: Path) -> Iterator[Hub]:
    """The same with the Space ada/allo, which Jobs take Allô from."""
    with serve_writable(root, {"hf_ada": "ada", "hf_bob": "bob"}) as hub:
        space = root / "ada/allo"
        space.mkdir(parents=True)
        for name in ("packages.txt", "requirements.txt"):
            (space / name).write_bytes((ROOT / name).read_bytes())
        yield hub


class Client:
    """A process of its own for `python -m trainer`: huggingface_hub reads its endpoint when it is imported."""

    def __init__(self, endpoint: str, home: Path):
        settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home / "hf"), "HF_HUB_DISABLE_XET": "1"}
        settings |= {"ALLO_CACHE": str(home / "allo"), "ALLO_OFFLINE": "0", "LANG": "C", "LC_ALL": "C"}
        self.pool = ProcessPoolExecutor(1, get_context("spawn"))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            self.pool.submit(os.getpid).result(120)  # it starts with the first task, and takes the settings along

    def __call__(self, function: Callable, *arguments, **settings: str | None):
        """What the function gives there, with these settings of the environment; None takes one away."""
        return self.pool.submit(_with, settings, function, arguments).result(120)

    def trainer(self, *arguments: str, **settings: str | None) -> tuple[int, str, str]:
        return self(run_trainer, arguments, **settings)


def _with(settings: dict[str, str | None], function: Callable, arguments: tuple):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ({"HF_TOKEN": None, "SPACE_ID": None} | settings).items():
            patch.delenv(name, raising=False) if value is None else patch.setenv(name, value)
        return function(*arguments)


def run_trainer(arguments: tuple[str, ...]) -> tuple[int, str, str]:
    """Status, standard output and standard error of `python -m trainer`, in this process."""
    from trainer.__main__ import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue(), err.getvalue()


@contextmanager
def client(endpoint: str, home: Path) -> Iterator[Client]:
    started = Client(endpoint, home)
    try:
        yield started
    finally:
        started.pool.shutdown()
