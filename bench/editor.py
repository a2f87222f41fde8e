"""python bench/editor.py [--calls N] [--minutes M] [--seed S] : a typist corrects simulated calls, by keys alone.

The typist is a script, and knows what was said. It goes from turn to turn with Enter or Ctrl+Enter, puts the caret
where its turn is wrong, and types; what nobody said it deletes. Its keys are counted, letters and the keys held with
another as well, and the milliseconds that the page's script is busy with each. What is left wrong is scored on the file
that the page gives: it must be 0.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("ALLO_OFFLINE", "1")
sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page, expect

import corpus
from bench.calls import by_channel, reference
from corpus.prompts import NAME
from corpus.simulate import simulate
from scoring.alignment import align
from scoring.french import normalise
from scoring.measures import rates
from tests.kit.pages import chromium, serve, visit
from transcripts.formats import read

MINUTE = 60_000  # milliseconds
# How long the script is busy with a key: of the page, not of this program or of the browser's way to it.
BUSY = """() => {
  globalThis.busy = [];
  let began = 0;
  addEventListener('keydown', () => { began = performance.now(); }, true);
  addEventListener('keydown', () => busy.push(performance.now() - began));
}"""


class Heard(NamedTuple):
    speaker: str
    text: str


def targets(said: list[str], turns: list[Heard]) -> list[str]:
    """What each turn should read: the words of its party that the alignment puts there."""
    wanted = [""] * len(turns)
    for channel, words in enumerate(map(str.split, said)):
        mine = [at for at, turn in enumerate(turns) if turn.speaker == "AB"[channel]]
        transcribed = [(at, word) for at in mine for word in turns[at].text.split()]
        steps = align(_keys(words), _keys([word for _, word in transcribed])) if transcribed and words else []
        spoken, place, turn = iter(words), 0, mine[0] if mine else 0
        for step in steps:
            if step.kind != "delete":
                turn, place = transcribed[place][0], place + 1
            if step.kind != "insert":
                wanted[turn] += f" {next(spoken)}"
    return [text.strip() for text in wanted]


def _keys(words: list[str]) -> str:
    """The words as they are compared, each one piece."""
    return " ".join(normalise(word).replace(" ", "_") or "_" for word in words)


def _in_midst(text: str) -> str:
    """The text as it is compared where others are before it: a first « A » is « À » to the comparison."""
    return normalise(f"et {text}")


class Typist:
    """Presses keys on the page, and counts them."""

    def __init__(self, page: Page):
        self.page, self.keys, self.corrected = page, 0, 0

    def press(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)
            self.keys += len(name.split("+"))

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.keys += len(text)

    def correct(self, before: str, after: str) -> None:
        """The focused text, in the way that takes the fewest keys."""
        self.corrected += 1
        if not after:
            return self.press("Control+Shift+Backspace")
        alike = [one == other for one, other in zip(before, after, strict=False)]
        head = alike.index(False) if False in alike else len(alike)
        rest = len(before) - head
        if rest < 2 + head:
            self.press("Control+End", *["Backspace"] * rest)
            self.type(after[head:])
        else:
            self.press("Control+a")
            self.type(after)
        return self.press("Control+Enter")


def correct(page: Page, said: list[str]) -> Typist:
    """Every turn of the call that is shown, from the first to the last."""
    rows = page.locator("#call-dialogue [data-turn]").evaluate_all(
        "rows => rows.map(row => [row.dataset.speaker, row.querySelector('p').textContent])"
    )
    turns = [Heard(*row) for row in rows]
    typist = Typist(page)
    page.locator("#call-dialogue [data-turn] p").first.focus()
    for turn, wanted in zip(turns, targets(said, turns), strict=True):
        if _in_midst(turn.text) == _in_midst(wanted):
            typist.press("Enter")
        else:
            typist.correct(turn.text, wanted)
    expect(page.locator("#call-dialogue .saved")).to_have_text("Saved", timeout=MINUTE)
    return typist


def session(page: Page, path: Path, folder: Path) -> dict:
    """A call, from the drop to the file: what it took, and what is wrong before and after."""
    page.locator("#call-files input[type=file]").set_input_files(path)
    row = page.locator("#call-queue li.done", has_text=path.name)
    expect(row).to_have_count(1, timeout=15 * MINUTE)
    row.click()
    expect(page.locator("#call-dialogue [data-era]")).to_be_visible(timeout=MINUTE)
    said = by_channel(reference(path)["turns"])
    before, _ = taken(page, folder, said)
    page.evaluate(BUSY)
    began = time.monotonic()
    typist = correct(page, said)
    seconds = time.monotonic() - began
    busy = page.evaluate("busy")
    left, wrong = taken(page, folder, said)
    return {
        "turns": page.locator("#call-dialogue [data-turn]").count(),
        "edits": before,
        "left": left,
        "wrong": wrong,
        "corrected": typist.corrected,
        "keys": typist.keys,
        "seconds": round(seconds),
        "median_ms": round(statistics.median(busy), 2),
        "slowest_ms": round(max(busy), 1),
    }


def taken(page: Page, folder: Path, said: list[str]) -> tuple[int, list[str]]:
    """Word errors of the transcript that the page gives as a file, and what is wrong, as it is compared."""
    with page.expect_download() as download:
        page.locator('#calls [data-format="json"]').click()
    file = folder / "taken.json"
    download.value.save_as(file)
    turns = [{"start": turn.start, "text": turn.text, "channel": turn.channel} for turn in read(file).turns]
    written = by_channel(turns)
    found = rates(said, written, "french")
    pairs = [[normalise(text).split() for text in both] for both in zip(said, written, strict=True)]
    wrong = [
        f"{' '.join(one[a:b])} > {' '.join(other[c:d])}"
        for one, other in pairs
        for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    return sum(found[kind] for kind in ("substitutions", "deletions", "insertions")), wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=5, help="of the calls")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "server").mkdir()
        manner = {"seconds": 60 * asked.minutes, "codec": "alaw", "snr": 25.0, "overlap": 0.2, "seed": asked.seed}
        paths = simulate(corpus.load(NAME), folder / "calls", calls=asked.calls, **manner)
        with serve(folder / "server") as server, chromium() as browser, visit(browser, server, "en-US") as page:
            page.get_by_role("tab", name="Calls").click()
            for path in paths:
                found = session(page, path, folder)
                for what in ("keys", "seconds"):
                    found[f"{what}_a_correction"] = round(found[what] / max(1, found["corrected"]), 1)
                print(json.dumps({"call": path.name} | found), flush=True)


if __name__ == "__main__":
    main()
