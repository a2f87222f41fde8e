"""The loss: a mean over the tokens however a batch is divided, and replay that holds to the base."""

from types import SimpleNamespace

import torch

from corpus import load as load_corpus
from speech.models.choose import choose
from tests.kit.training import asked
from trainer.data.batches import Batches
from trainer.data.splits import splits_of
from trainer.train.loss import token_loss
from trainer.train.run import prepared
from trainer.train.stop import StopFlag


def test_the_loss_is_a_tokens_mean_however_the_batch_is_divided():
    torch.manual_seed(0)
    logits, labels = torch.randn(4, 6, 9), torch.randint(0, 9, (4, 6))
    labels[0, 1:] = labels[2, 3:] = -100
    tokens = (labels != -100).sum()

    def loss(clips: list[int], kept: list[bool]) -> torch.Tensor:
        here, kept = labels[clips] != -100, torch.tensor(kept)[clips]
        outputs = SimpleNamespace(logits=logits[clips][here])
        answers = base[clips][kept][here[kept]].log_softmax(-1) if kept.any() else None
        return token_loss(outputs, labels[clips], tokens, kept, answers)

    base = torch.randn(4, 6, 9)
    for kept in ([False] * 4, [False, True, False, True]):
        assert torch.allclose(loss([0], kept) + loss([1, 2, 3], kept), loss([0, 1, 2, 3], kept))
    whole = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    assert torch.allclose(loss([0, 1, 2, 3], [False] * 4), whole)


def test_what_is_kept_costs_nothing_as_long_as_it_is_as_the_base_says():
    torch.manual_seed(0)
    logits, labels = torch.randn(6, 9), torch.randint(0, 9, (1, 6))
    for answers, same in ((logits, True), (logits.flip(0), False)):
        outputs, kept = SimpleNamespace(logits=logits), torch.tensor([True])
        loss = token_loss(outputs, labels, torch.tensor(6), kept, answers.log_softmax(-1))
        assert (float(loss) < 1e-6) == same


def test_what_is_kept_is_asked_of_the_base(corpus, tiny, tmp_path):
    """An adapter that says otherwise is drawn back to what the base says, and to nothing else."""
    job = asked(corpus, tiny, replay_share=1.0, silence_share=0.0, stitched_share=0.0, spec_augment=0.0)
    clips, choice = load_corpus(str(corpus)), choose(str(tiny))
    parts = splits_of(clips, "fr")
    trainer = prepared(job.settings, clips, parts, choice, tmp_path, None, StopFlag())
    batch = trainer.examples.collate([trainer.examples[place] for place in Batches(trainer.examples).whole()[0]])
    batch.pop("frames")
    assert batch["replayed"].all()

    def loss() -> torch.Tensor:
        with trainer.engine.formats.autocast:
            return trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=(batch["labels"] != -100).sum())

    assert abs(loss().item()) < 1e-6
    for name, weight in trainer.model.named_parameters():
        if "lora_B" in name:
            weight.data.normal_()
    changed = loss()
    assert changed.item() > 1e-3 and changed.requires_grad
    assert not torch.is_autocast_enabled("cpu")
