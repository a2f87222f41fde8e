"""python bench/accidents.py [--accidents N] [--kills K] [--seed S] : which corrections are lost when things go wrong.

Somebody corrects a call in a real browser. At a moment by chance, while a text is typed, just after Enter or some time
later, the page is loaded again, closed, or cut off from the server, or the server is killed and started again. After
each accident every correction has to be on the page, or to come back with one press, and at the end in the work file.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

os.environ.setdefault("ALLO_OFFLINE", "1")
sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Error, Page, expect

from tests.kit.pages import Browser, Server, chromium, serve
from transcripts import work_file
from transcripts.edits import Journal
from transcripts.transcript import Transcript, Turn
from transcripts.work_file import Work

TURNS = 40
MOMENTS = (
    "typing",
    "entered",
    "later",
)  # an accident comes while a text is typed, at once after Enter, or after a while
PATIENCE = 30  # seconds
TEXTS = "[...document.querySelectorAll('#call-dialogue [data-turn] p')].map(p => p.textContent)"


def work(folder: Path, name: str = "appel", sound: str = 32 * "ab") -> Path:
    """A call that somebody has transcribed, without its sound: transcribing takes time, and nothing is lost by it."""
    turns = [Turn(2 * at, 2 * at + 2, f"tour numéro {at}", 0.8, at % 2, "AB"[at % 2]) for at in range(TURNS)]
    file = folder / f"{name}{work_file.ENDING}"
    transcript = Transcript.of_turns(turns, f"{name}.wav")
    file.write_bytes(work_file.write(Work(f"{name}.wav", sound, transcript, Journal(turns))))
    return file


class Desk:
    """A browser's tab with the call, the server behind it, and what the call should read."""

    def __init__(self, browser: Browser, server: Server, folder: Path, seed: int = 1):
        self.browser, self.server, self.folder, self.chance = browser, server, folder, random.Random(seed)
        self.texts = [f"tour numéro {at}" for at in range(TURNS)]
        self.count, self.happened = 0, Counter()  # corrections so far; accidents, by kind and moment
        self.another_server: Callable[[int], Server] | None = None  # by its port, where one may be killed
        self.page = self.tab()
        self.page.locator("#call-files input[type=file]").set_input_files(work(folder))
        self.check()

    def tab(self) -> Page:
        page = self.browser("en-US").new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(self.server.address)
        page.get_by_role("tab", name="Calls").click()
        return page

    def correct(self, moment: str) -> None:
        """Types a text of its own into a turn by chance."""
        self.count, turn = self.count + 1, self.chance.randrange(TURNS)
        row = self.page.locator("#call-dialogue [data-turn] p").nth(turn)
        row.focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(f"correction {self.count}", delay=self.chance.choice((0, 5)))
        self.texts[turn] = f"correction {self.count}"
        if moment != "typing":
            self.page.keyboard.press("Enter")
        if moment == "later":
            self.page.wait_for_timeout(self.chance.uniform(0, 800))

    def check(self) -> None:
        """Every correction is there, or comes back with one press. Raises AssertionError."""
        end = time.monotonic() + PATIENCE
        while (found := self._texts()) != self.texts:
            back = self.page.locator("#call-kept [data-kept=reopen]").first
            if not found and back.is_visible():
                with suppress(Error):  # the list is drawn anew
                    back.click(timeout=1000)
                self.page.wait_for_timeout(1000)
            wrong = [(one, other) for one, other in zip(found, self.texts, strict=False) if one != other]
            assert time.monotonic() < end, f"lost after {self.happened}: {wrong or found}"
            self.page.wait_for_timeout(100)

    def _texts(self) -> list[str]:
        with suppress(Error):  # the page is just being loaded again
            return self.page.evaluate(TEXTS)
        return []


# The accidents


def reload(desk: Desk) -> None:
    with suppress(Error):  # it may just be loading again by itself
        desk.page.reload()


def close(desk: Desk) -> None:
    """The tab is closed, and another one goes on."""
    with desk.page.expect_event("close"):
        desk.page.close(run_before_unload=True)
    desk.page = desk.tab()


def cut(desk: Desk) -> None:
    """The line is cut for up to two seconds, in which another turn is corrected."""
    desk.page.context.set_offline(True)
    desk.correct(desk.chance.choice(MOMENTS))
    desk.page.wait_for_timeout(desk.chance.uniform(0, 2000))
    with suppress(Error), desk.page.expect_event("load", timeout=3000):  # gradio may load the page again
        desk.page.context.set_offline(False)


def kill(desk: Desk) -> None:
    """The server is killed; another one starts at the same address, without the visit."""
    desk.server.process.kill()
    desk.server.process.wait()
    desk.correct(desk.chance.choice(MOMENTS))
    desk.server = desk.another_server(int(desk.server.address.rpartition(":")[2]))
    with suppress(Error):  # it may just be loading again by itself
        desk.page.goto(desk.server.address)
    desk.page.get_by_role("tab", name="Calls").click(timeout=60_000)


def happen(desk: Desk, accident: Callable[[Desk], None]) -> None:
    """An accident after a correction."""
    moment = desk.chance.choice(MOMENTS)
    desk.correct(moment)
    accident(desk)
    desk.happened[f"{accident.__name__} {moment}"] += 1
    desk.check()


def taken(desk: Desk) -> list[str]:
    """The texts in the work file, once all is saved."""
    expect(desk.page.locator("#call-dialogue .saved")).to_have_text("Saved", timeout=1000 * PATIENCE)
    with desk.page.expect_download() as download:
        desk.page.locator('[data-format="work"]').click()
    download.value.save_as(desk.folder / "taken.json")
    return [turn.text for turn in work_file.read((desk.folder / "taken.json").read_bytes()).journal.turns]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--accidents", type=int, default=200)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0, help="after which no more accident happens")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers, chromium() as browser:

        def served(port: int = 0) -> Server:
            return servers.enter_context(serve(Path(folder), port=port))

        desk = Desk(browser, served(), Path(folder), asked.seed)
        desk.another_server = served
        others = desk.chance.choices([reload, cut, close], [7, 2, 1], k=asked.accidents - asked.kills)
        some = [kill] * asked.kills + others
        desk.chance.shuffle(some)
        for place, accident in enumerate(some, 1):
            if time.monotonic() - began > 60 * asked.minutes:
                break
            happen(desk, accident)
            if place % 10 == 0:
                print(place, "accidents", round(time.monotonic() - began), "s", file=sys.stderr, flush=True)
        lost = sum(one != other for one, other in zip(taken(desk), desk.texts, strict=True))
    seconds = round(time.monotonic() - began)
    figures = {"accidents": desk.happened.total(), "corrections": desk.count, "lost": lost, "seconds": seconds}
    print(json.dumps(figures | dict(sorted(desk.happened.items()))))


if __name__ == "__main__":
    main()
