"""What looks wrong in the two transcripts of a call: a sentence each."""

from collections.abc import Iterator
from pathlib import PurePath

from common.messages import Message, UserError
from scoring.calls.measures import Call
from scoring.french import normalise
from transcripts.tracks import track
from transcripts.transcript import Transcript, Turn

HALF, REST = 0.6, 20.0  # share of the reference that a hypothesis reaches at least, and the seconds that it lacks
BEYOND = 0.5  # seconds that a turn may end after its recording: it was rounded
OTHER = 0.5  # share of turns after the end of the recording, from which a transcript is of another one
ALIKE, ENOUGH = 0.35, 30  # share of the reference's words that are written so at least, where there are so many


def doubts(name: str, reference: Transcript, hypothesis: Transcript) -> Iterator[Message]:
    """Sentences about a call that can be scored.

    Raises UserError for one that cannot: its reference has no turn, or neither words nor times; or most of one side
    lies after the end of the recording.
    """
    _refuse_empty(name, reference, hypothesis)
    yield from _recordings(name, reference, hypothesis)
    yield from _beyond(name, reference, hypothesis)
    yield from _halves(name, reference, hypothesis)
    yield from _speakers(name, reference, hypothesis)


def _refuse_empty(name: str, reference: Transcript, hypothesis: Transcript) -> None:
    if not reference.turns:
        raise UserError(
            en=f"{name}: its reference has no turn, so there is nothing to count over: write down what was said.",
            fr=f"{name} : sa référence n'a aucun tour de parole, il n'y a rien à compter : transcrivez ce qui a été "
            "dit.",
        )
    worded = any(normalise(turn.text) for turn in reference.turns)
    if not worded and not reference.timed:
        raise UserError(
            en=f"{name}: its reference has no word and no time: write down what was said.",
            fr=f"{name} : sa référence n'a ni mot ni temps : transcrivez ce qui a été dit.",
        )


def _beyond(name: str, reference: Transcript, hypothesis: Transcript) -> Iterator[Message]:
    """Turns after the end of the recording, where one side knows its length."""
    length = min((side.audio.seconds for side in (reference, hypothesis) if side.audio.sample_rate), default=None)
    if not length:
        return
    for side, en, fr in ((reference, "reference", "référence"), (hypothesis, "hypothesis", "hypothèse")):
        late = sum(turn.end > length + BEYOND for turn in side.turns)
        if late > OTHER * len(side.turns):
            raise UserError(
                en=f"{name}: {late} of the {len(side.turns)} turns of the {en} lie after the end of the recording "
                f"({length:.1f} s), so it is of another one: name the right one.",
                fr=f"{name} : {late} des {len(side.turns)} tours de parole de la {fr} sont après la fin de "
                f"l'enregistrement ({length:.1f} s), elle est donc d'un autre : nommez la bonne.",
            )
        if late:
            yield Message(
                en=f"{name}: {late} turns of the {en} end after the recording, at {length:.1f} s: check their times.",
                fr=f"{name} : {late} tours de parole de la {fr} finissent après l'enregistrement, à {length:.1f} s : "
                "vérifiez leurs temps.",
            )


def _halves(name: str, reference: Transcript, hypothesis: Transcript) -> Iterator[Message]:
    said, written = _end(reference.turns), _end(hypothesis.turns)
    for short, long, en, fr in (
        (written, said, "hypothesis", "hypothèse"),
        (said, written, "reference", "référence"),
    ):
        if short < HALF * long and long - short > REST:
            yield Message(
                en=f"{name}: the {en} ends at {short:.0f} s and the other side at {long:.0f} s; what it lacks counts "
                "as errors: check that it is whole.",
                fr=f"{name} : la {fr} finit à {short:.0f} s et l'autre côté à {long:.0f} s ; ce qui manque compte "
                "comme des erreurs : vérifiez qu'elle est entière.",
            )


def stranger(call: Call) -> Iterator[Message]:
    """What the score itself says: so few words of the reference were written that one may be of another recording."""
    if not call.cp or call.cp.words < ENOUGH:
        return
    same = call.cp.words - call.cp.substitutions - call.cp.deletions
    written = same + call.cp.substitutions + call.cp.insertions
    if written >= ENOUGH and same < ALIKE * call.cp.words:
        yield Message(
            en=f"{call.name}: {same} of {call.cp.words} words are as in the reference, so one side may be of another "
            "recording: check the names.",
            fr=f"{call.name} : {same} mots sur {call.cp.words} sont ceux de la référence, l'un des côtés est peut-être "
            "d'un autre enregistrement : vérifiez les noms.",
        )


def _recordings(name: str, reference: Transcript, hypothesis: Transcript) -> Iterator[Message]:
    """Where both sides name a file of sound."""
    said, written = (PurePath(side.audio.path) for side in (reference, hypothesis))
    if said.suffix and written.suffix and said.stem.casefold() != written.stem.casefold():
        yield Message(
            en=f"{name}: the reference is of {said.name} and the hypothesis of {written.name}: check the names.",
            fr=f"{name} : la référence est de {said.name} et l'hypothèse de {written.name} : vérifiez les noms.",
        )


def _speakers(name: str, reference: Transcript, hypothesis: Transcript) -> Iterator[Message]:
    said, written = (sorted(set(map(track, side.turns))) for side in (reference, hypothesis))
    if written and len(said) != len(written):
        yield Message(
            en=f"{name}: the reference has {len(said)} speakers ({_few(said)}) and the hypothesis {len(written)} "
            f"({_few(written)}): the words of those left over count as errors.",
            fr=f"{name} : la référence a {len(said)} locuteurs ({_few(said)}) et l'hypothèse {len(written)} "
            f"({_few(written)}) : les mots de ceux qui restent comptent comme des erreurs.",
        )


def _few(names: list[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")


def _end(turns: list[Turn]) -> float:
    return max((turn.end for turn in turns), default=0.0)
