"""The loss of a batch: cross-entropy on its texts, and on replayed clips the divergence from the base's own output."""

from contextlib import AbstractContextManager

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy, kl_div

from trainer.data.examples import IGNORED


def token_loss(
    outputs,
    labels: torch.Tensor,
    num_items_in_batch: torch.Tensor,
    replayed: torch.Tensor,
    base_logprobs: torch.Tensor | None,
    weight: float = 1.0,
) -> torch.Tensor:
    """The sum over the tokens that are trained on, divided by the tokens of the whole batch (all pieces and processes).

    `outputs.logits` (tokens, vocabulary) are those of the labels other than IGNORED. For the clips of `replayed`
    (batch,) it is `weight` times the Kullback-Leibler divergence from `base_logprobs` (tokens, vocabulary).
    """
    trained = labels != IGNORED
    of_replay = replayed[:, None].expand_as(labels)[trained]
    logits = outputs.logits.float()
    loss = cross_entropy(logits[~of_replay], labels[trained][~of_replay], reduction="sum")
    if base_logprobs is not None:
        logprobs = logits[of_replay].log_softmax(-1)
        loss = loss + weight * kl_div(logprobs, base_logprobs, reduction="sum", log_target=True)
    return loss / num_items_in_batch


def base_logprobs(
    model: PeftModel, inputs: dict[str, torch.Tensor], replayed: torch.Tensor, autocast: AbstractContextManager
) -> torch.Tensor | None:
    """Log-probabilities (tokens, vocabulary) of the replayed clips without the adapter; None where there are none."""
    if not replayed.any():
        return None
    some = {name: values[replayed] for name, values in inputs.items() if name != "labels"}
    with torch.no_grad(), model.disable_adapter(), autocast:
        return model(**some).logits.float().log_softmax(-1)
