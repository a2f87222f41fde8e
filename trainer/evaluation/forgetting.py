"""What an adapter forgot: base and adapter on speech, lengths and sounds that it was not trained on.

Telephone prompts in other languages (Debian's asterisk-core-sounds-*), long recordings of French prompts with silences
between them, and sounds without speech. They are the same at every call, and decoding draws nothing at random, so that
any difference comes from the adapter.
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
from trainer.data import held_out_prompts
from trainer.data.held_out_prompts import VOICES, Spoken, spoken
from transcripts.transcript import AudioFacts

TOLERANCE = 0.5  # points that may be lost without a warning
GREEDY = Options(temperatures=(0.0,))  # higher temperatures draw at random
NAMES = held_out_prompts.NAMES | {
    "long": Message("Long French recordings", "Longs enregistrements français"),
    "silence": Message("Sounds without speech", "Sons sans parole"),
}
NORMALISERS = {"en": "english"}  # "1" for "one" is nothing forgotten; for other languages there is none that knows
LONG, RECORDINGS = (60.0, 120.0), 2  # seconds of a stitched recording, and how many
GAPS = (0.5, 4.0)  # seconds of silence between its prompts


def forgetting(base: Engine, adapter: Engine, **how) -> dict[str, dict]:
    """All that `each` gives, by name."""
    return dict(each(base, adapter, **how))


def each(
    base: Engine,
    adapter: Engine,
    *,
    before: Options = GREEDY,
    after: Options = GREEDY,
    clips: int = 40,
    french: Iterable[Spoken] | None = None,
    known: Container[str] = (),
) -> Iterator[tuple[str, dict]]:
    """Measures each set of NAMES that is installed here: (name, {"before", "after", "lost"}), in percent.

    These are word error rates; of "silence" they are shares of sounds that got a text. `before` and `after` are the
    options of base and adapter (each with its own margin), `clips` the number of prompts of a language, `french` the
    clips that long recordings are made of, which were not trained on; None: the French prompts. Sets that are `known`
    already are left out.
    """
    engines = ((base, before), (adapter, after))
    for language in (name for name in VOICES if name not in known):
        found = spoken(language, clips)
        if found and language in base.languages:
            texts = [_transcribed(engine, found, replace(options, language=language)) for engine, options in engines]
            yield language, _compared([clip.text for clip in found], *texts, NORMALISERS.get(language, "basic"))
    recordings = [] if "long" in known else stitched(_french() if french is None else french)
    if recordings:
        texts = [
            [_transcribed_long(engine, long.waveform, options) for long in recordings] for engine, options in engines
        ]
        yield "long", _compared([long.text for long in recordings], *texts, "french")
    if "silence" in known:
        return
    sounds = [Spoken(waveform, "") for waveform in without_speech()]
    shares = [_share_with_text(_transcribed(engine, sounds, options)) for engine, options in engines]
    yield "silence", _figures(*shares) | {"clips": len(sounds)}


def warnings(found: dict[str, dict]) -> list[Message]:
    """A sentence for each set that lost more than TOLERANCE, and one that names the sets that were not measured."""
    return losses(found) + missing(found)


def losses(found: dict[str, dict]) -> list[Message]:
    """A sentence for each set that lost more than TOLERANCE; text made up without speech comes first."""
    rates = word_error_rates(found).items()
    lost = [_lost(NAMES[name], **figures) for name, figures in rates if figures["lost"] > TOLERANCE]
    made_up = text_without_speech(found) if found.get("silence", {}).get("lost", 0.0) > TOLERANCE else None
    return [made_up, *lost] if made_up else lost


def word_error_rates(found: dict[str, dict]) -> dict[str, dict]:
    """The sets whose figures are word error rates: all but the sounds without speech."""
    return {name: figures for name, figures in found.items() if name != "silence"}


def text_without_speech(found: dict[str, dict]) -> Message | None:
    """A sentence on the share of sounds without speech that got a text; None where it was not measured."""
    if "silence" not in found:
        return None
    (before, before_fr), (after, after_fr) = (_both(found["silence"][name]) for name in ("before", "after"))
    return Message(
        en=f"Made-up text: {after} % of sounds without speech got a text, {before} % before the training.",
        fr=f"Texte inventé : {after_fr} % des sons sans parole ont reçu un texte, contre {before_fr} % avant "
        "l'entraînement.",
    )


def missing(found: dict[str, dict]) -> list[Message]:
    """One sentence that names the sets that were not measured, if any."""
    names = [name for name in NAMES if name not in found]
    packages = " ".join(
        f"asterisk-core-sounds-{name} asterisk-core-sounds-{name}-wav" for name in names if name in VOICES
    )
    install = f" (apt-get install {packages})" if packages else ""
    message = Message(
        en=f"What it forgot was not measured on: {', '.join(NAMES[name].en for name in names)}{install}.",
        fr=f"Ce qu'il a oublié n'a pas été mesuré sur : {', '.join(NAMES[name].fr for name in names)}{install}.",
    )
    return [message] if names else []


def _lost(name: Message, before: float, after: float, lost: float, **_) -> Message:
    (before, before_fr), (after, after_fr), (lost, lost_fr) = (_both(value) for value in (before, after, lost))
    return Message(
        en=f"{name.en}: {lost} points lost by the training, from {before} to {after} %.",
        fr=f"{name.fr} : {lost_fr} points perdus par l'entraînement, de {before_fr} à {after_fr} %.",
    )


def _both(value: float) -> Message:
    """A figure in English and in French."""
    return Message(f"{value:.1f}", f"{value:.1f}".replace(".", ","))


def _french() -> list[Spoken]:
    try:
        found = prompts.prompts(at_least=1.0)
    except UserError:  # they are not installed, and `warnings` says so
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
    """The sounds of a line on which nobody speaks, each for 2, 6 and 15 s: silence, noise, hum, tones, a key."""
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


def _transcribed(engine: Engine, clips: Sequence[Spoken], options: Options) -> list[str]:
    texts = [""] * len(clips)
    for batch in decode(engine, [clip.waveform for clip in clips], options):
        for i, clip in batch:
            texts[i] = clip.text
    return texts


def _transcribed_long(engine: Engine, waveform: np.ndarray, options: Options) -> str:
    facts = AudioFacts("stitched", len(waveform) / SAMPLE_RATE, SAMPLE_RATE, 1, "pcm_f32le")
    *_, last = transcribe(Recording(facts, waveform[None]), engine, options)
    return last.transcript.text


def _compared(references: Sequence[str], before: Sequence[str], after: Sequence[str], normaliser: str) -> dict:
    was, now = (rates(references, texts, normaliser) for texts in (before, after))
    return _figures(was["wer"], now["wer"]) | {"clips": len(references), "words": was["words"]}


def _share_with_text(texts: Sequence[str]) -> float:
    """In percent; "..." and other marks without a letter or a digit are no text."""
    return 100 * sum(any(map(str.isalnum, text)) for text in texts) / len(texts)


def _figures(before: float, after: float) -> dict:
    return {"before": round(before, 4), "after": round(after, 4), "lost": round(after - before, 4)}
