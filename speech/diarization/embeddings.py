"""What a voice sounds like, as a vector: which network tells, and why that one. The choice is made here alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from itertools import pairwise

import numpy as np
from huggingface_hub import auth_check, get_token
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from common.cache import sha256
from common.hub import UNANSWERED, hub_errors, hub_in_reach, offline
from common.messages import Message, UserError

RATE = 16_000
PYANNOTE = "pyannote/speaker-diarization-community-1"
WAVLM = "microsoft/wavlm-base-plus-sv"
RESEMBLYZER = "resemblyzer/pretrained.pt"  # in the package of that name: a pickle, so no other file than this is loaded
RESEMBLYZER_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
WINDOW, HOP = 1.2, 0.4  # seconds that a vector is of, and from one to the next
SHORTEST = 0.1  # seconds: less tells nothing
BATCH = 64

Intervals = Sequence[tuple[float, float]]  # (start, end) in seconds


@dataclass(frozen=True)
class Embeddings:
    """Pieces of one voice each: where they are, and their vectors of length 1."""

    times: np.ndarray  # (pieces, 2): start and end in seconds of what was listened to
    vectors: np.ndarray  # (pieces, size), float32


NO_SPEECH = Embeddings(np.empty((0, 2)), np.empty((0, 0), np.float32))


@dataclass(frozen=True)
class SpeakerModel:
    name: str
    reason: Message
    listen: Callable[[np.ndarray, Intervals], Embeddings]  # mono float32 at 16 kHz, and where in it a voice is
    needed: float  # log-likelihood a piece that a further voice has to add (`voices`)
    chance: float  # and in all: what halving the few pieces of one voice may bring by chance
    sharpness: float  # log-likelihood of a voice per unit of the cosine to its mean


def choose() -> SpeakerModel:
    """Pyannote's pipeline where it is installed and its weights may be had, else resemblyzer's network, else the Hub's.

    Asked for each recording, since a Hub that was silent may answer by now; a network is loaded once a process.
    Raises UserError where none of the three is at hand.
    """
    hindrance = _without_pyannote()
    if hindrance is None:
        reason = Message(
            "pyannote.audio is installed and the Hub gives it", "pyannote.audio est installé et le Hub le donne"
        )
        return SpeakerModel(PYANNOTE, reason, _pyannote(), needed=0.6, chance=0.0, sharpness=10.0)
    if _package_file("resemblyzer", RESEMBLYZER):
        return SpeakerModel("resemblyzer", hindrance, _resemblyzer(), needed=0.045, chance=6.0, sharpness=30.0)
    if not offline() and hub_in_reach():
        return SpeakerModel(WAVLM, hindrance, _wavlm(), needed=0.045, chance=6.0, sharpness=20.0)
    raise UserError(
        en="Voices cannot be told apart here: run `pip install --no-deps -r requirements-offline.txt`, "
        "or ask for one speaker.",
        fr="Les voix ne peuvent être distinguées ici : lancez « pip install --no-deps -r requirements-offline.txt », "
        "ou demandez un seul locuteur.",
    )


def _without_pyannote() -> Message | None:
    """Why pyannote's pipeline cannot be had; None where it can."""
    try:
        distribution("pyannote.audio")
    except PackageNotFoundError:
        return Message("pyannote.audio is not installed", "pyannote.audio n'est pas installé")
    if offline():
        return Message("ALLO_OFFLINE is set", "ALLO_OFFLINE est défini")
    if not get_token():
        return Message("there is no HF_TOKEN", "il n'y a pas de HF_TOKEN")
    silent = Message("the Hub does not answer", "le Hub ne répond pas")
    if not hub_in_reach():
        return silent
    try:
        auth_check(PYANNOTE)
    except (GatedRepoError, RepositoryNotFoundError):
        return Message(f"HF_TOKEN gives no access to {PYANNOTE}", f"HF_TOKEN ne donne pas accès à {PYANNOTE}")
    except UNANSWERED:
        return silent
    return None


def _package_file(package: str, name: str):
    try:
        found = distribution(package).locate_file(name)
    except PackageNotFoundError:
        return None
    return found if found.is_file() else None


@lru_cache(maxsize=1)
def _resemblyzer() -> Callable[[np.ndarray, Intervals], Embeddings]:
    """The package has its weights as a pickle alone, which is read where it is the file known by its checksum."""
    path = _package_file("resemblyzer", RESEMBLYZER)
    if sha256(path) != RESEMBLYZER_SHA256:
        raise UserError(
            en=f"{path} is not the file of resemblyzer 0.1.4: install that again with "
            "`pip install --no-deps -r requirements-offline.txt`.",
            fr=f"{path} n'est pas le fichier de resemblyzer 0.1.4 : réinstallez-le avec "
            "« pip install --no-deps -r requirements-offline.txt ».",
        )

    def listen(waveform: np.ndarray, stretches: Intervals) -> Embeddings:
        from speech.diarization.resemblyzer import network  # imports torch, which takes seconds

        return _windowed(network(path), waveform, stretches)

    return listen


@lru_cache(maxsize=1)
def _wavlm() -> Callable[[np.ndarray, Intervals], Embeddings]:
    import torch
    from torch.nn.functional import normalize
    from transformers import AutoFeatureExtractor, AutoModelForAudioXVector

    instead = Message("ask for one speaker", "demandez un seul locuteur")
    with hub_errors(Message("model", "Le modèle"), WAVLM, instead):
        extractor = AutoFeatureExtractor.from_pretrained(WAVLM)
        model = AutoModelForAudioXVector.from_pretrained(WAVLM, use_safetensors=True).eval()  # a pickle may run code

    @torch.inference_mode()
    def embed(clips: list[np.ndarray]) -> np.ndarray:
        asked = extractor(clips, sampling_rate=RATE, padding=True, return_tensors="pt")
        return normalize(model(**asked).embeddings, dim=1).numpy()

    return lambda waveform, stretches: _windowed(embed, waveform, stretches)


@lru_cache(maxsize=1)
def _pyannote() -> Callable[[np.ndarray, Intervals], Embeddings]:
    """Finds the voices of a piece by itself, and where each speaks; the stretches are not asked.

    Its checkpoints are pickles: they are loaded by pyannote, where this machine's owner installed it and accepted its
    terms, and from its repository alone.
    """
    import torch
    from pyannote.audio import Pipeline

    pipeline = Pipeline.from_pretrained(PYANNOTE, token=get_token())
    if torch.cuda.is_available():
        pipeline.to(torch.device("cuda"))

    def listen(waveform: np.ndarray, stretches: Intervals) -> Embeddings:
        found = pipeline({"waveform": torch.from_numpy(waveform)[None], "sample_rate": RATE})
        labels = found.speaker_diarization.labels()
        vectors = dict(zip(labels, found.speaker_embeddings, strict=True)) if labels else {}
        known = {label for label, vector in vectors.items() if np.isfinite(vector).all()}  # too short a voice has none
        tracks = [t for t in found.exclusive_speaker_diarization.itertracks(yield_label=True) if t[2] in known]
        if not tracks:
            return NO_SPEECH
        matrix = np.array([vectors[label] for *_, label in tracks], np.float32)
        times = np.array([(segment.start, segment.end) for segment, *_ in tracks])
        return Embeddings(times, matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9))

    return listen


def _windowed(
    embed: Callable[[list[np.ndarray]], np.ndarray], waveform: np.ndarray, stretches: Intervals
) -> Embeddings:
    """A vector each HOP of the stretches, of what is up to half a WINDOW before and after and in the same stretch."""
    times, clips = [], []
    for start, end in stretches:
        edges = np.linspace(start, end, max(1, round((end - start) / HOP)) + 1)
        for piece in pairwise(edges):
            middle = sum(piece) / 2
            first, last = max(start, middle - WINDOW / 2), min(end, middle + WINDOW / 2)
            clip = waveform[round(first * RATE) : round(last * RATE)]
            if len(clip) >= RATE * SHORTEST:
                times.append(piece)
                clips.append(clip)
    if not clips:
        return NO_SPEECH
    return Embeddings(
        np.array(times), np.concatenate([embed(clips[at : at + BATCH]) for at in range(0, len(clips), BATCH)])
    )
