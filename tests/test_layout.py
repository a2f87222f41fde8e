"""The house holds together: imports go down, no circle, no tab knows another, folders stay small."""

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[1]
# From the ground up. A room imports what stands before it; speech and scoring stand side by side.
STOREYS = ["common", "transcripts", ("scoring", "speech"), "corpus", "trainer", "ui", "app"]
LEVEL = {room: level for level, rooms in enumerate(STOREYS) for room in ([rooms] if isinstance(rooms, str) else rooms)}
MOST_MODULES = 14
HEAVY = ("torch", "ctranslate2", "silero_vad", "peft")  # seconds to import


def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    found = [ROOT / "app.py", *(path for room in LEVEL if room != "app" for path in (ROOT / room).rglob("*.py"))]
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in found)
    return dict(zip(names, found, strict=True))


MODULES = modules()


@cache
def imports(name: str) -> set[str]:
    """The modules of ours that a module imports anywhere in it, but for annotations alone."""
    path, found = MODULES[name], set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unused = {id(node) for each in ast.walk(tree) if _is_type_checking(each) for node in ast.walk(each)}
    for node in ast.walk(tree):
        if id(node) in unused:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {each if each in MODULES else node.module for each in whole}
    return {each for each in found if each in MODULES and each != name}


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def room(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_down(name):
    for imported in imports(name):
        same = room(imported) == room(name)
        assert same or LEVEL[room(imported)] < LEVEL[room(name)], f"{name} imports {imported}"


def test_there_is_no_circle():
    try:
        TopologicalSorter({name: imports(name) for name in MODULES}).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_the_ground_stands_on_nothing_of_ours():
    assert all(room(imported) == "common" for name in MODULES if room(name) == "common" for imported in imports(name))


def test_no_tab_imports_a_tab():
    tabs = {path.parent.name for path in (ROOT / "ui").glob("*/tab.py")}
    assert len(tabs) == 5
    for name, imported in ((module, each) for module in MODULES for each in imports(module)):
        one, other = (each.split(".")[1] if each.startswith("ui.") else None for each in (name, imported))
        assert not (one in tabs and other in tabs and one != other), f"{name} imports {imported}"


def test_shared_parts_of_the_page_know_no_tab():
    tabs = {path.parent.name for path in (ROOT / "ui").glob("*/tab.py")}
    for name in (name for name in MODULES if name.startswith(("ui.kit", "ui.scores"))):
        assert not [each for each in imports(name) if each.startswith("ui.") and each.split(".")[1] in tabs], name


def test_folders_stay_small():
    folders = {path.parent for path in MODULES.values()} - {ROOT}
    for folder in folders:
        assert len([path for path in folder.glob("*.py") if path.stem[:2] != "__"]) <= MOST_MODULES, folder


@pytest.mark.parametrize("module", ["ui.page", "transcripts.formats", "scoring.measures"])
def test_importing_the_page_does_not_import_torch(module):
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr[-2000:] + done.stdout
