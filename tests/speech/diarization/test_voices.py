"""How many voices: by how they differ, and by how they take turns."""

import numpy as np
import pytest

from speech.diarization.embeddings import SpeakerModel
from speech.diarization.voices import find, shares

pytestmark = pytest.mark.fast

NETWORK = SpeakerModel("made up", None, None, needed=0.045, chance=6.0, sharpness=30.0)
PIECE, TURN = 0.4, 8  # seconds, and pieces that a turn has


def call(voices: list[int], seed: int, apart: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors of turns of these voices, their times, and the voice of each; a pause stands after each turn."""
    random = np.random.default_rng(seed)
    who = np.repeat(voices, TURN)
    means = 1 + apart * random.standard_normal((max(voices) + 1, 64))
    vectors = means[who] + 0.45 * random.standard_normal((len(who), 64))
    starts = PIECE * np.arange(len(who)) + 0.5 * (np.arange(len(who)) // TURN)
    times = np.stack([starts, starts + PIECE], axis=1)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), times, who


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("voices", [[0] * 12, [0, 1] * 6, [0, 1, 0, 2] * 4, [0] * 9 + [1] * 2, [0, 1, 2, 3] * 4])
def test_the_number_is_found_and_who_speaks(voices, seed):
    vectors, times, who = call(voices, seed)
    centres, sure = find(vectors, times, None, NETWORK)
    assert len(centres) == len(set(voices)) and 0.5 < sure <= 1
    found = shares(vectors, times, centres, NETWORK)
    assert found.sum(axis=1) == pytest.approx(1)
    pairs = list(zip(who.tolist(), found.argmax(axis=1).tolist(), strict=True))
    right = sum(max(pairs.count((voice, one)) for one in range(len(centres))) for voice in set(voices))
    assert right > 0.97 * len(pairs)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_pieces_are_two_voices_in_turns_and_one_where_they_alternate(seed):
    vectors, times, who = call([0, 1] * 8, seed, apart=0.25)
    assert len(find(vectors, times, None, NETWORK)[0]) == 2
    mixed = np.stack([np.flatnonzero(who == 0), np.flatnonzero(who == 1)], axis=1).ravel()
    assert len(find(vectors[mixed], times, None, NETWORK)[0]) == 1


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_a_number_that_is_given_is_kept(count):
    vectors, times, _ = call([0, 1] * 4, 1)
    centres, sure = find(vectors, times, count, NETWORK)
    assert len(centres) == count and sure == 1


def test_a_word_is_of_one_voice():
    vectors, times, _ = call([0], 2)
    for pieces in (1, 2, TURN):
        centres, _ = find(vectors[:pieces], times[:pieces], None, NETWORK)
        assert len(centres) == 1 and shares(vectors[:pieces], times[:pieces], centres, NETWORK).shape == (pieces, 1)
