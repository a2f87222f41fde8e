"""The memory of a training: batches cut into pieces, smaller pieces where it runs out, and its peak."""

import resource
import sys

import torch

from common.messages import UserError
from trainer.data.examples import IGNORED


def pieces_of(inputs: dict[str, torch.Tensor], at_once: int) -> list[dict[str, torch.Tensor]]:
    """A batch from Examples.collate, whole or in pieces of at most `at_once` mel frames (one clip at least).

    A piece has the window and the tokens that its own clips need.
    """
    whole = {name: values for name, values in inputs.items() if name != "frames"}
    clips, _, window = whole["input_features"].shape
    if clips * window <= at_once or clips == 1:
        return [whole]
    pieces: list[list[int]] = [[]]
    frames = inputs["frames"].tolist()
    for clip in sorted(range(clips), key=lambda clip: frames[clip]):
        if pieces[-1] and (len(pieces[-1]) + 1) * frames[clip] > at_once:
            pieces.append([])
        pieces[-1].append(clip)
    return [_cut(whole, piece, max(frames[clip] for clip in piece)) for piece in pieces]


def _cut(whole: dict[str, torch.Tensor], clips: list[int], frames: int) -> dict[str, torch.Tensor]:
    piece = {name: values[clips] for name, values in whole.items()}
    tokens = int((piece["labels"] != IGNORED).any(0).nonzero().max()) + 1
    cut = {name: piece[name][:, :tokens] for name in ("decoder_input_ids", "labels")}
    return piece | cut | {"input_features": piece["input_features"][:, :, :frames]}


def halved(inputs: dict[str, torch.Tensor], at_once: int, processes: int, error: torch.OutOfMemoryError) -> int:
    """Half of the mel frames of the largest piece, for the pieces after memory ran out.

    Raises UserError where that piece was a single clip, and where several processes would have to agree on it.
    """
    shapes = [piece["input_features"].shape for piece in pieces_of(inputs, at_once)]
    clips, _, frames = max(shapes, key=lambda shape: shape[0] * shape[2])
    if clips == 1 or processes > 1:
        raise UserError(
            en=f"Memory ran out: --set frames_at_once={at_once // 2}, --set gradient_checkpointing=true, or a "
            "smaller model.",
            fr=f"La mémoire est épuisée : --set frames_at_once={at_once // 2}, "
            "--set gradient_checkpointing=true, ou un modèle plus petit.",
        ) from error
    return clips // 2 * frames


def peak_memory() -> int:
    """Bytes: of the GPU where there is one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
