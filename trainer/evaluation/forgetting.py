"""What an adapter forgot: base and adapter on speech, lengths and sounds that it was not trained on.

Telephone prompts in other languages (Debian's asterisk-core-sounds-*), a long recording of French prompts with silences
between them, and sounds without speech. All of it is the same at every call, and nothing is drawn at random while it is
heard, so that what differs is the adapter.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from common.messages import Message, UserError
from corpus import prompts
from scoring.measures import rates
from speech.audio.decode import SAMPLE_RATE, Recording, read
from speech.decoding.decode import Options, decode
from speech.engines.base import Engine
from speech.transcribe import transcribe
from trainer.evaluation import held_out_prompts
from trainer.evaluation.held_out_prompts import VOICES, Spoken, spoken
from transcripts.transcript import AudioFacts

TOLERANCE = 0.5  # points that may be lost without a warning
COLD = Options(temperatures=(0.0,))  # a warmer hearing of a loop is drawn at random
NAMES = held_out_prompts.NAMES | {
    "long": Message("Long French recordings", "Longs enregistrements français"),
    "silence": Message("Sounds without speech", "Sons sans parole"),
}
JUDGED_BY = {"en": "english"}  # who writes 1 for one has forgotten nothing; of other languages' words none knows that
LONG, RECORDINGS = (60.0, 120.0), 2  # seconds of a stitched recording, and how many
GAPS = (0.5, 4.0)  # seconds of silence between its prompts


def forgetting(base: Engine, adapter: Engine, **how) -> dict[str, dict]:
    """All that `each` gives, by name."""
    return dict(each(base, adapter, **how))


def each(
    base: Engine,
    adapter: Engine,
    *,
    before: Options = COLD,
    after: Options = COLD,
    clips: int = 40,
    french: Iterable[Spoken] | None = None,
    known: Container[str] = (),
) -> Iterator[tuple[str, dict]]:
    """(name, {"before", "after", "lost"}) in percent, of each set of NAMES that can be measured here, as it is done.

    `before` and `after` are how base and adapter are heard (each with its own margin), `clips` how many prompts of a
    language, `french` what the long recordings are made of: clips that were not trained on; else the French prompts.
    The sets that are `known` already are left out.
    """
    ears = ((base, before), (adapter, after))
    for language in (name for name in VOICES if name not in known):
        found = spoken(language, clips)
        if found and language in base.languages:
            heard = [_hear(engine, found, replace(options, language=language)) for engine, options in ears]
            yield language, _compared([clip.text for clip in found], *heard, JUDGED_BY.get(language, "basic"))
    recordings = [] if "long" in known else stitched(_french() if french is None else french)
    if recordings:
        heard = [[_hear_long(engine, long.waveform, options) for long in recordings] for engine, options in ears]
        yield "long", _compared([long.text for long in recordings], *heard, "french")
    if "silence" in known:
        return
    sounds = [Spoken(waveform, "") for waveform in without_speech()]
    shares = [_share(_hear(engine, sounds, options)) for engine, options in ears]
    yield "silence", _figures(*shares) | {"clips": len(sounds)}


def warnings(found: dict[str, dict]) -> list[Message]:
    """A sentence for each set that lost more than TOLERANCE, and one that names the sets that are not there."""
    return losses(found) + missing(found)


def losses(found: dict[str, dict]) -> list[Message]:
    return [_lost(NAMES[name], **figures) for name, figures in found.items() if figures["lost"] > TOLERANCE]


def missing(found: dict[str, dict]) -> list[Message]:
    names = [name for name in NAMES if name not in found]
    packages = " ".join(
        f"asterisk-core-sounds-{name} asterisk-core-sounds-{name}-wav" for name in names if name in VOICES
    )
    mend = f" (apt-get install {packages})" if packages else ""
    said = Message(
        en=f"What it forgot was not measured on: {', '.join(NAMES[name].en for name in names)}{mend}.",
        fr=f"Ce qu'il a oublié n'a pas été mesuré sur : {', '.join(NAMES[name].fr for name in names)}{mend}.",
    )
    return [said] if names else []


def _lost(name: Message, before: float, after: float, lost: float, **_) -> Message:
    before, after, lost = (f"{value:.1f}" for value in (before, after, lost))
    comma = [value.replace(".", ",") for value in (before, after, lost)]
    return Message(
        en=f"{name.en}: {lost} points lost by the training, from {before} to {after} %.",
        fr=f"{name.fr} : {comma[2]} points perdus par l'entraînement, de {comma[0]} à {comma[1]} %.",
    )


def _french() -> list[Spoken]:
    try:
        found = prompts.prompts(at_least=1.0)
    except UserError:  # they are not installed: `warnings` says so
        return []
    order = np.random.default_rng(0).permutation(len(found))
    return [Spoken(read(found[i].path).waveform[0], found[i].text) for i in order]


def stitched(clips: Iterable[Spoken]) -> list[Spoken]:
    """Recordings of LONG seconds, of clips in the order given with silences between them; as many as the clips make."""
    random = np.random.default_rng(0)
    recordings, pieces, texts, target = [], [], [], random.uniform(*LONG)
    for clip in clips:
        if len(recordings) == RECORDINGS:
            break
        pieces += [clip.waveform, np.zeros(round(random.uniform(*GAPS) * SAMPLE_RATE), np.float32)]
        texts.append(clip.text)
        if sum(map(len, pieces)) >= target * SAMPLE_RATE:
            recordings.append(Spoken(np.concatenate(pieces), " ".join(texts)))
            pieces, texts, target = [], [], random.uniform(*LONG)
    return recordings


def without_speech() -> list[np.ndarray]:
    """What a line carries when nobody speaks, each for 2, 6 and 15 s: silence, noise, hum, tones, a key."""
    found = []
    for seconds in (2, 6, 15):
        t = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
        noise = np.random.default_rng(seconds).normal(size=len(t))
        tone = np.sin(2 * np.pi * 440 * t)
        found += [
            0 * t,
            0.003 * noise,
            0.05 * noise,
            0.05 * np.sin(2 * np.pi * 50 * t) + 0.02 * np.sin(2 * np.pi * 150 * t),
            0.2 * tone,  # dial tone
            0.2 * tone * (t % 5 < 1.5),  # ringing
            0.2 * tone * (t % 1 < 0.5),  # busy
            0.2 * (np.sin(2 * np.pi * 770 * t) + np.sin(2 * np.pi * 1336 * t)) * (t % 0.2 < 0.1),  # the key 5
        ]
    return [waveform.astype(np.float32) for waveform in found]


def _hear(engine: Engine, clips: Sequence[Spoken], options: Options) -> list[str]:
    texts = [""] * len(clips)
    for batch in decode(engine, [clip.waveform for clip in clips], options):
        for i, heard in batch:
            texts[i] = heard.text
    return texts


def _hear_long(engine: Engine, waveform: np.ndarray, options: Options) -> str:
    facts = AudioFacts("stitched", len(waveform) / SAMPLE_RATE, SAMPLE_RATE, 1, "pcm_f32le")
    *_, last = transcribe(Recording(facts, waveform[None]), engine, options)
    return last.transcript.text


def _compared(references: Sequence[str], before: Sequence[str], after: Sequence[str], normaliser: str) -> dict:
    was, now = (rates(references, heard, normaliser) for heard in (before, after))
    return _figures(was["wer"], now["wer"]) | {"clips": len(references), "words": was["words"]}


def _share(texts: Sequence[str]) -> float:
    return 100 * sum(text != "" for text in texts) / len(texts)


def _figures(before: float, after: float) -> dict:
    return {"before": round(before, 4), "after": round(after, 4), "lost": round(after - before, 4)}
