"""Batches in pieces: the same training in less memory."""

import pytest
import torch

from common.messages import UserError
from tests.kit.training import asked, last, near
from trainer.runs import folder as run
from trainer.train.loop import LoraTrainer
from trainer.train.memory import pieces_of
from trainer.train.run import train

FULL = {"window": "full", "steps": 2, "evaluations": 1, "validation_clips": 1, "frames_at_once": 12_000}
FULL |= {"weights_on_cpu": "float32", "generation_length": 4}  # bfloat16 rounds otherwise where a batch is divided


def test_a_batch_in_pieces_is_the_same_batch():
    """Each clip once, in a window of its own need, and without the others' padding."""
    labels = torch.tensor([[5, 6, 7], [5, -100, -100], [5, 6, -100]])
    mel = torch.arange(3.0)[:, None, None].expand(3, 80, 300)
    batch = {"frames": torch.tensor([300, 96, 120]), "input_features": mel, "labels": labels}
    batch |= {"decoder_input_ids": labels + 1, "replayed": torch.tensor([True, False, True])}
    assert [piece.keys() for piece in pieces_of(batch, 900)] == [batch.keys() - {"frames"}]
    short, long = pieces_of(batch, 300)
    assert short["input_features"].shape == (2, 80, 120) and long["input_features"].shape == (1, 80, 300)
    assert short["labels"].tolist() == [[5, -100], [5, 6]] and long["labels"].tolist() == [[5, 6, 7]]
    assert short["replayed"].tolist() == [False, True]
    assert short["input_features"][:, 0, 0].tolist() == [1.0, 2.0]
    assert len(pieces_of(batch, 1)) == 3


def test_batches_in_pieces_learn_the_same(corpus, tiny, tmp_path):
    for at_once in (12_000, 1):  # all together, or one by one
        changes = FULL | {"frames_at_once": at_once}
        train(asked(corpus, tiny, **changes), tmp_path / str(at_once))
    assert near(*(last(tmp_path / str(at_once)) for at_once in (12_000, 1)))


def scarce(monkeypatch, room: int) -> None:
    """Memory for so many clips at once."""
    loss = LoraTrainer.compute_loss

    def limited(trainer, model, inputs, *more, **how):
        if len(inputs["labels"]) > room:
            raise torch.OutOfMemoryError(f"there is room for {room}")
        return loss(trainer, model, inputs, *more, **how)

    monkeypatch.setattr(LoraTrainer, "compute_loss", limited)


def test_where_memory_runs_out_batches_come_in_pieces(corpus, tiny, tmp_path, monkeypatch, capsys):
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    train(asked(corpus, tiny, **FULL), whole)
    scarce(monkeypatch, room=2)
    train(asked(corpus, tiny, **FULL), halved)
    assert "memory ran out: from now on" in capsys.readouterr().err
    assert run.config(halved)["plan"]["frames_at_once"] == 6000 and run.state(halved)["status"] == "completed"
    assert near(last(whole), last(halved))


def test_where_even_one_clip_is_too_much_it_is_told(corpus, tiny, tmp_path, monkeypatch):
    scarce(monkeypatch, room=0)
    with pytest.raises(UserError, match="Memory ran out"):
        train(asked(corpus, tiny), tmp_path / "run")
    assert run.state(tmp_path / "run")["status"] == "failed"
