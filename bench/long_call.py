"""python bench/long_call.py [--turns N] [--times K] : how soon each key of the editor answers in a long call.

For each key: the milliseconds that the page's script is busy with it, and those until the next frame is painted.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("ALLO_OFFLINE", "1")
sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page, expect

from tests.kit.pages import chromium, serve, visit
from transcripts import work_file
from transcripts.edits import Journal
from transcripts.transcript import Transcript, Turn, Word
from transcripts.work_file import Work

KEYS = {
    "next turn": "Enter",
    "right and next": "Control+Enter",
    "next doubtful word": "F2",
    "the other voice": "F4",
    "undo": "Control+z",
    "split": "Alt+Enter",
    "merge": "Backspace",
    "insert": "Control+i",
    "delete": "Control+Shift+Backspace",
    "a letter": "x",
}
MOMENTS = """() => {
  globalThis.moments = [];
  let began = 0;
  addEventListener('keydown', () => { began = performance.now(); }, true);
  addEventListener('keydown', () => {
    const at = began, busy = performance.now() - at;
    requestAnimationFrame(() => setTimeout(() => moments.push([busy, performance.now() - at])));
  });
}"""
CARET = """([turn, at]) => {
  const p = document.querySelectorAll('#call-dialogue [data-turn] p')[turn];
  p.focus();
  getSelection().collapse(p.firstChild, at);
}"""


def work(folder: Path, count: int) -> Path:
    """A call of so many turns, with a doubtful word in each."""
    turns = []
    for at in range(count):
        text = f"voici le tour numéro {at} de cet appel, où l'on dit ce que l'on dit"
        words = tuple(
            Word(5 * at + 0.3 * place, 5 * at + 0.3 * place + 0.2, word, 0.3 if place == 2 else 0.9)
            for place, word in enumerate(text.split())
        )
        turns.append(Turn(5 * at, 5 * at + 5, text, 0.8, at % 2, "AB"[at % 2], words=words))
    file = folder / f"long{work_file.ENDING}"
    file.write_bytes(
        work_file.write(Work("long.wav", 32 * "ab", Transcript.of_turns(turns, "long.wav"), Journal(turns)))
    )
    return file


def answers(page: Page, key: str, times: int, turns: int) -> tuple[list[float], list[float]]:
    """What a key takes at places all over the call, in milliseconds: the script, and until it is painted."""
    page.evaluate("moments.length = 0")
    for time in range(times):
        at = 0 if key == "Backspace" else 9
        page.evaluate(CARET, [turns * (time + 1) // (times + 2), at])
        page.keyboard.press(key)
        page.wait_for_function(f"moments.length > {time}")
    busy, painted = zip(*page.evaluate("moments"), strict=True)
    expect(page.locator("#call-dialogue .saved")).not_to_have_class("trouble")
    return list(busy), list(painted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--times", type=int, default=15, help="each key")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with serve(folder) as server, chromium() as browser, visit(browser, server, "en-US") as page:
            page.get_by_role("tab", name="Calls").click()
            page.locator("#call-files input[type=file]").set_input_files(work(folder, asked.turns))
            expect(page.locator("#call-dialogue [data-turn]")).to_have_count(asked.turns)
            page.evaluate(MOMENTS)
            print(f"{'':20} script: median, most   painted: median, most   ms")
            for name, key in KEYS.items():
                busy, painted = answers(page, key, asked.times, asked.turns)
                figures = [statistics.median(busy), max(busy), statistics.median(painted), max(painted)]
                print(f"{name:20} " + "".join(f"{figure:8.1f}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
