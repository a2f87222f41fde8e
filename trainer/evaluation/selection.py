"""Which clips of a corpus are scored: by default none that the adapter was trained on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.messages import Message, UserError
from corpus import Corpus

SEED = 0  # of a sample, which is the same on every machine
TRAINED = ("train", "validation")  # training learns from the one, and chooses the best adapter by the other


def learned_splits(corpus: Corpus, facts: dict) -> tuple[str, ...]:
    """The splits of this corpus that an adapter was trained on, by its allo.json; none for another corpus.

    It is the same corpus where it has the same name, or the same clips in the same splits.
    """
    there = [name for name in dict.fromkeys(corpus.rows["split"]) if name in TRAINED]
    if not there or not facts.get("corpus"):
        return ()
    if not _same_place(corpus.source, facts["corpus"]) and not _same_clips(corpus, facts):
        return ()
    return tuple(there)


def _same_place(one: str, other: str) -> bool:
    if one == other:
        return True
    return Path(one).exists() and Path(other).exists() and Path(one).resolve() == Path(other).resolve()


def _same_clips(corpus: Corpus, facts: dict) -> bool:
    """By the hash of the split that a training writes down; a corpus that it could not train on is another one."""
    from trainer.data.splits import split_hash, splits_of

    try:
        stored = facts["settings"]
        splits = splits_of(corpus, stored["language"], stored.get("train_share", 1.0))
        return facts["split_hash"] == split_hash(corpus, splits)
    except (KeyError, UserError):
        return False


def default_split(corpus: Corpus, learned: Sequence[str] = ()) -> str:
    """The test split; where there is none, another one that was not learned.

    Raises UserError where the adapter was trained on all of the corpus.
    """
    there = list(dict.fromkeys(corpus.rows["split"]))
    free = [name for name in there if name not in learned]
    if "test" in free or not learned:
        return "test"
    if free:
        return free[0]
    raise UserError(
        en=f"The adapter was trained on all of {corpus.name}: name another corpus, or, to score what it learned, "
        f"--split {there[0]}.",
        fr=f"L'adaptateur a été entraîné sur tout {corpus.name} : nommez un autre corpus, ou, pour noter ce qu'il a "
        f"appris, --split {there[0]}.",
    )


def selected(corpus: Corpus, split: str, limit: int | None = None, count: int | None = None) -> list[int]:
    """The rows of a split or of "all", the first `limit` of them, or a sample of `count`.

    Raises UserError where there are none.
    """
    splits = corpus.rows["split"]
    if split != "all" and split not in set(splits):
        there = ", ".join(sorted(set(splits)))
        raise UserError(
            en=f"{corpus.name} has no split {split!r}: choose {there} or all.",
            fr=f"{corpus.name} n'a pas de partition {split!r} : choisissez {there} ou all.",
        )
    fewest = min(asked for asked in (limit, count, 1) if asked is not None)
    if fewest < 1:
        raise UserError(
            en=f"A limit of {fewest} leaves no clip: ask for 1 at least.",
            fr=f"Une limite de {fewest} ne laisse aucun extrait : demandez-en au moins 1.",
        )
    rows = [i for i in corpus.rows.index if split in ("all", splits[i])][:limit]
    return rows if count is None else sample(rows, count)


def sample(rows: Sequence[int], count: int) -> list[int]:
    """`count` of these rows by chance, in their order: the first ones of a file are often of one call or one kind.

    The same rows give the same sample, and a larger one holds the smaller ones: what they cost is not paid twice.
    """
    drawn = np.random.default_rng(SEED).permutation(len(rows))[:count]
    return [int(rows[place]) for place in sorted(drawn)]


def learned_among(corpus: Corpus, rows: Sequence[int], learned: Sequence[str]) -> int:
    """How many of these rows are in the splits that the adapter was trained on."""
    return int(corpus.rows["split"][list(rows)].isin(learned).sum())


def learned_warning(count: int, total: int) -> Message | None:
    """A sentence where an adapter is scored on what it was trained on; None where it is not."""
    if not count:
        return None
    return Message(
        en=f"{count} of these {total} clips are from the splits that the adapter was trained on: its error rate on "
        "other speech is higher.",
        fr=f"{count} de ces {total} extraits viennent des partitions sur lesquelles l'adaptateur a été entraîné : son "
        "taux d'erreur sur d'autres paroles est plus élevé.",
    )
