"""How many voices there are, what each is like, and which one speaks when: by a hidden Markov model of their turns.

Its states are the voices, and it reads the pieces of speech in the order of time: people go on speaking, and take turns
in pauses. The pieces are grouped into one voice, two, three..., as long as one more makes them likelier by as much as
the network's vectors need. The parts of one voice alternate too quickly for that, where two persons take turns: so they
are told apart even where their voices are much alike.
"""

from collections.abc import Iterator

import numpy as np

from speech.diarization.embeddings import SpeakerModel

MOST = 8  # voices on one line
LEAST = 2.0  # seconds of speech that make a voice, where their number is to be found
DOUBT = 0.02  # log-likelihood a piece: so near to what is needed, a voice more or less is 73 to 27
SOBER = 0.5  # power of a piece's likelihood: neighbours have the same sound, and agree too readily
SWITCH, SWITCH_IN_PAUSE = 0.05, 0.5  # probability of another voice from one piece to the next
PAUSE = 0.05  # seconds: two pieces further apart are in two stretches
ROUNDS = 20  # of k-means, which has settled long before


def find(vectors: np.ndarray, times: np.ndarray, count: int | None, network: SpeakerModel) -> tuple[np.ndarray, float]:
    """(voices, size): the mean vector of each voice, of length 1; and how sure their number is, 0 to 1.

    `vectors` (pieces, size) of length 1 in the order of their `times` (pieces, 2). `count` voices, or None: found.
    """
    seconds, sure = times[:, 1] - times[:, 0], 1.0
    groups = np.zeros(len(vectors), int)  # the voice of each piece
    likelihood = _likelihood(vectors, times, groups, network)
    for _ in range(1, count or MOST):
        tried = list(_split(vectors, groups, seconds, LEAST if count is None else 0.0))
        if not tried:
            break
        likelihoods = [_likelihood(vectors, times, each, network) for each in tried]
        best = int(np.argmax(likelihoods))
        if count is None:
            needed = max(network.needed, network.chance / len(vectors))
            excess = (likelihoods[best] - likelihood) / len(vectors) - needed
            sure = min(sure, 1 / (1 + np.exp(-abs(excess) / DOUBT)))
            if excess < 0:
                break
        groups, likelihood = tried[best], likelihoods[best]
    return _centres(vectors, groups), float(sure)


def shares(vectors: np.ndarray, times: np.ndarray, centres: np.ndarray, network: SpeakerModel) -> np.ndarray:
    """(pieces, voices): the probability of each voice in each piece, sobered.

    The forward-backward algorithm: Rabiner, "A tutorial on hidden Markov models", 1989.
    """
    likely, _ = _likely(vectors @ centres.T * network.sharpness)
    switch = _switches(times)
    forward, _ = _forward(likely, switch)
    backward = np.ones_like(likely)
    for i in range(len(likely) - 2, -1, -1):
        backward[i] = _step(backward[i + 1] * likely[i + 1], switch[i])
        backward[i] /= backward[i].sum()
    both = forward * backward
    sober = (both / both.sum(axis=1, keepdims=True)) ** SOBER
    return sober / sober.sum(axis=1, keepdims=True)


def _likelihood(vectors: np.ndarray, times: np.ndarray, groups: np.ndarray, network: SpeakerModel) -> float:
    """The log-likelihood of the pieces, whoever says each, where these groups are the voices."""
    likely, highest = _likely(vectors @ _centres(vectors, groups).T * network.sharpness * SOBER)
    _, scales = _forward(likely, _switches(times))
    return float(np.log(scales).sum() + highest.sum())


def _likely(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likelihoods (pieces, voices) out of their logarithms, each piece's highest being 1; and what that was."""
    highest = scores.max(axis=1, keepdims=True)
    return np.exp(scores - highest), highest


def _forward(likely: np.ndarray, switch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(pieces, voices): who speaks, by what was heard so far; and the factors (pieces,) that made each sum 1."""
    forward, scales = np.empty_like(likely), np.empty(len(likely))
    state = np.full(likely.shape[1], 1 / likely.shape[1])
    for i, here in enumerate(likely):
        state = here * (_step(state, switch[i - 1]) if i else state)
        scales[i] = state.sum()
        forward[i] = state = state / scales[i]
    return forward, scales


def _step(state: np.ndarray, switch: float) -> np.ndarray:
    """Who speaks in the next piece, all other voices being as likely to take over."""
    if len(state) == 1:
        return state
    return (1 - switch) * state + switch * (state.sum() - state) / (len(state) - 1)


def _switches(times: np.ndarray) -> np.ndarray:
    return np.where(times[1:, 0] - times[:-1, 1] > PAUSE, SWITCH_IN_PAUSE, SWITCH)


def _split(vectors: np.ndarray, groups: np.ndarray, seconds: np.ndarray, least: float) -> Iterator[np.ndarray]:
    """The groups with one more, each time another one being halved; then each piece goes to the nearest."""
    for group in range(groups.max() + 1):
        own = np.flatnonzero(groups == group)
        second = _halves(vectors[own])
        if second.all() or not second.any() or min(seconds[own][second].sum(), seconds[own][~second].sum()) < least:
            continue
        found = groups.copy()
        found[own[second]] = groups.max() + 1
        yield _settled(vectors, found)


def _halves(vectors: np.ndarray) -> np.ndarray:
    """Which vectors are in the second half of a group, by spherical k-means from their main axis on."""
    spread = vectors - vectors.mean(axis=0)
    main = np.linalg.eigh(spread.T @ spread)[1][:, -1]
    return _settled(vectors, (spread @ main > 0).astype(int)).astype(bool)


def _settled(vectors: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Spherical k-means; the groups as they were where one would be empty."""
    for _ in range(ROUNDS):
        nearest = (vectors @ _centres(vectors, groups).T).argmax(axis=1)
        if (nearest == groups).all() or len(np.unique(nearest)) <= groups.max():
            break
        groups = nearest
    return groups


def _centres(vectors: np.ndarray, groups: np.ndarray) -> np.ndarray:
    sums = np.eye(groups.max() + 1)[groups].T @ vectors
    return sums / np.maximum(1e-9, np.linalg.norm(sums, axis=1, keepdims=True))
