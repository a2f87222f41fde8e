"""What somebody does to a transcript, as a journal: a small entry for each thing done to the turns that a model wrote.

The journal is data. Its entries, applied to those turns in their order, give the same state again.
An entry is a dict with the key `kind`, and
    text     turn, text      the turn's new text, which is right from then on
    check    turn, on        whether the turn is right
    split    turn, at        in two, before the character `at`
    merge    turn            with the one before
    speaker  turn, speaker   who speaks
    insert   turn, speaker   an empty turn before this one
    delete   turn
    texts    texts           [[turn, text], ...] at once, which does not say that they are right: "replace all"
    name     speaker, name   what a party is called
    swap                     the names of the parties A and B
    machine                  the turns that the model wrote; the names stay
    undo, redo
where `turn` is a place in the list of that moment, from 0. An entry that finds nothing to do changes nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from transcripts.retiming import retimed
from transcripts.transcript import Turn, Word
from transcripts.word_times import moments

TEXT, NAME = 5000, 40  # characters at most
UNDO = 500  # entries that can be undone
ENTRIES, TYPED = 50_000, 2_000_000  # entries of a journal, and characters in them, at most: they are timed anew
GAP = 1.0  # seconds of an inserted turn, where the next one leaves them

FIELDS: dict[str, dict[str, type]] = {
    "text": {"turn": int, "text": str},
    "check": {"turn": int, "on": bool},
    "split": {"turn": int, "at": int},
    "merge": {"turn": int},
    "speaker": {"turn": int, "speaker": str},
    "insert": {"turn": int, "speaker": str},
    "delete": {"turn": int},
    "texts": {"texts": list},
    "name": {"speaker": str, "name": str},
    **{kind: {} for kind in ("swap", "machine", "undo", "redo")},
}


@dataclass(frozen=True)
class Edited:
    """A turn as it is now."""

    turn: Turn
    checked: bool = False  # somebody says that it is right


@dataclass(frozen=True)
class State:
    turns: tuple[Edited, ...]
    names: dict[str, str] = field(default_factory=dict)  # of the parties, by speaker

    def with_turns(self, at: int, count: int, *turns: Edited) -> "State":
        """`count` turns from `at` on replaced by these."""
        return replace(self, turns=self.turns[:at] + turns + self.turns[at + count :])


class Journal:
    """The turns that a model wrote, and what was done to them since."""

    def __init__(self, machine: Sequence[Turn], entries: Iterable[dict] = ()):
        self.machine = tuple(machine)
        self.entries: list[dict] = []
        self.state = State(tuple(map(Edited, self.machine)))
        self._typed = 0  # characters
        self._before: list[State] = []
        self._after: list[State] = []
        for entry in entries:
            self.add(entry)

    @property
    def turns(self) -> list[Turn]:
        return [each.turn for each in self.state.turns]

    def add(self, entry: dict) -> None:
        """Applies an entry and keeps it. Raises ValueError for what is no entry."""
        check(entry)
        self._typed += _typed(entry)
        if len(self.entries) >= ENTRIES or self._typed > TYPED:
            raise ValueError(f"a journal has at most {ENTRIES} entries and {TYPED} characters")
        kind, values = entry["kind"], {key: value for key, value in entry.items() if key != "kind"}
        if kind == "undo":
            self._step(self._before, self._after)
        elif kind == "redo":
            self._step(self._after, self._before)
        else:
            self._change(self._with_machine() if kind == "machine" else EDITS[kind](self.state, **values))
        self.entries.append(entry)

    def _with_machine(self) -> State:
        return replace(self.state, turns=tuple(map(Edited, self.machine)))

    def _change(self, state: State) -> None:
        if state == self.state:
            return
        self._before = [*self._before[1 - UNDO :], self.state]
        self._after.clear()
        self.state = state

    def _step(self, source: list[State], target: list[State]) -> None:
        if source:
            target.append(self.state)
            self.state = source.pop()


def check(entry: object) -> None:
    """Raises ValueError for what is no entry of a journal."""
    if not isinstance(entry, dict) or entry.get("kind") not in FIELDS:
        raise ValueError(f"no entry of a journal: {entry!r:.80}")
    wanted = {"kind": str} | FIELDS[entry["kind"]]
    if entry.keys() != wanted.keys() or any(type(entry[key]) is not kind for key, kind in wanted.items()):
        raise ValueError(f"{entry['kind']} wants {', '.join(FIELDS[entry['kind']]) or 'nothing'}: {entry!r:.80}")
    if entry["kind"] == "texts" and not all(_is_text(each) for each in entry["texts"]):
        raise ValueError(f"texts wants pairs of a turn and its text: {entry!r:.80}")


def _typed(entry: dict) -> int:
    return len(entry.get("text", "")) + sum(len(text) for _, text in entry.get("texts", ()))


def _is_text(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int and type(pair[1]) is str


# What each kind of entry does


def _text(state: State, turn: int, text: str) -> State:
    text = " ".join(text.split())[:TEXT]
    if not _there(state, turn) or not text:
        return state
    was = state.turns[turn].turn
    if text != was.text:
        was = replace(was, text=text, words=retimed(was.words, text), confidence=1.0)
    return state.with_turns(turn, 1, Edited(was, True))


def _check(state: State, turn: int, on: bool) -> State:
    return state.with_turns(turn, 1, replace(state.turns[turn], checked=on)) if _there(state, turn) else state


def _split(state: State, turn: int, at: int) -> State:
    if not _there(state, turn):
        return state
    was, checked = state.turns[turn].turn, state.turns[turn].checked
    parts = [" ".join(part.split()) for part in (was.text[: max(0, at)], was.text[max(0, at) :])]
    if not all(parts):
        return state
    (_, end), (start, _) = moments(was, parts)
    words = _words(was, [part.split() for part in parts])
    left = replace(was, text=parts[0], end=max(was.start, end), words=words[0])
    right = replace(was, text=parts[1], start=min(was.end, start), words=words[1])
    return state.with_turns(turn, 1, Edited(left, checked), Edited(right, checked))


def _words(turn: Turn, parts: list[list[str]]) -> list[tuple[Word, ...]]:
    """The turn's words in two parts; of one that is cut in two, both halves are as sure as it was."""
    if not turn.words:
        return [(), ()]
    texts = [text for part in parts for text in part]
    times = moments(turn, texts)
    known = {(word.start, word.end): word for word in turn.words}
    whole = [word.text for word in turn.words] == turn.text.split()
    found = []
    for place, (text, (start, end)) in enumerate(zip(texts, times, strict=True)):
        cut = whole and len(texts) > len(turn.words) and place >= len(parts[0])
        like = turn.words[place - cut] if whole else known.get((start, end))
        if like and like.text == text:
            found.append(replace(like, start=start, end=end))
        else:
            found.append(Word(start, end, text, like.confidence if like else turn.confidence))
    return [tuple(found[: len(parts[0])]), tuple(found[len(parts[0]) :])]


def _merge(state: State, turn: int) -> State:
    if not _there(state, turn) or turn == 0:
        return state
    first, second = state.turns[turn - 1 : turn + 1]
    one, other = first.turn, second.turn
    words = one.words + other.words if all(each.words or not each.text for each in (one, other)) else ()
    whole = replace(
        one,
        text=" ".join(filter(None, (one.text, other.text)))[:TEXT],
        start=min(one.start, other.start),
        end=max(one.end, other.end),
        confidence=min(one.confidence, other.confidence),
        words=words,
    )
    return state.with_turns(turn - 1, 2, Edited(whole, first.checked and second.checked))


def _speaker(state: State, turn: int, speaker: str) -> State:
    if not _there(state, turn) or not speaker.strip():
        return state
    was = state.turns[turn]
    return state.with_turns(turn, 1, replace(was, turn=replace(was.turn, speaker=speaker.strip()[:NAME])))


def _insert(state: State, turn: int, speaker: str) -> State:
    if not 0 <= turn <= len(state.turns):
        return state
    before = state.turns[turn - 1].turn if turn else None
    after = state.turns[turn].turn if turn < len(state.turns) else None
    start = min(before.end if before else 0.0, after.start if after else float("inf"))
    start = max(start, before.start if before else 0.0)
    end = min(start + GAP, max(after.start, start)) if after else start + GAP
    channel = next((e.turn.channel for e in state.turns if e.turn.speaker == speaker), 0)
    return state.with_turns(turn, 0, Edited(Turn(start, end, "", 1.0, channel, speaker.strip()[:NAME] or None)))


def _delete(state: State, turn: int) -> State:
    return state.with_turns(turn, 1) if _there(state, turn) else state


def _texts(state: State, texts: list) -> State:
    for turn, text in texts:
        if _there(state, turn):
            was = state.turns[turn]
            changed = replace(_text(state, turn, text).turns[turn].turn, confidence=was.turn.confidence)
            state = state.with_turns(turn, 1, replace(was, turn=changed))
    return state


def _name(state: State, speaker: str, name: str) -> State:
    names = state.names | {speaker[:NAME]: " ".join(name.split())[:NAME]}
    return replace(state, names={key: value for key, value in names.items() if value})


def _swap(state: State) -> State:
    a, b = (state.names.get(speaker) or speaker for speaker in "AB")
    return replace(state, names=state.names | {"A": b, "B": a})


def _there(state: State, turn: int) -> bool:
    return 0 <= turn < len(state.turns)


EDITS: dict[str, Callable[..., State]] = {
    "text": _text,
    "check": _check,
    "split": _split,
    "merge": _merge,
    "speaker": _speaker,
    "insert": _insert,
    "delete": _delete,
    "texts": _texts,
    "name": _name,
    "swap": _swap,
}
