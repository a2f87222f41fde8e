"""A checkpoint for CTranslate2 and OpenVINO: converted once, with its adapter merged into it, and cached."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from common.cache import built_once, cache_folder, is_sealed
from speech.models import adapters, bundled, quantization
from speech.models.checkpoint import Choice, content, reading, weight_files


def ctranslate2_folder(choice: Choice) -> Path:
    """The choice's CTranslate2 model: the embedded one as it is, any other converted once and cached."""
    if choice.source == "embedded" and not choice.adapter:
        return bundled.ctranslate2_folder()
    return _converted(choice, "ctranslate2", _convert)


def openvino_folder(choice: Choice) -> Path:
    """The choice's encoder for OpenVINO, in int8. Raises UserError where it cannot be made here."""
    quantization.check()
    return _converted(choice, "openvino", quantization.quantise)


def is_prepared(choice: Choice) -> bool:
    """Whether OpenVINO's encoder of the base is there, which `python -m speech prepare` makes, and worth taking."""
    base = replace(choice, adapter=None, adapter_folder=None)
    return quantization.is_worth_it() and is_sealed(cache_folder() / _name(base, "openvino"))


def _converted(choice: Choice, ending: str, convert: Callable[[Path, Path], None]) -> Path:
    size = sum(path.stat().st_size for path in weight_files(choice.folder))
    if choice.adapter_folder:
        size *= 2  # the merged checkpoint is there for as long as it is converted

    def build(into: Path) -> None:
        with adapters.merged(choice, into) as whole, reading(choice):
            convert(whole, into)

    return built_once(_name(choice, ending), build, size)


def _name(choice: Choice, ending: str) -> str:
    return f"{Path(choice.model).name}-{choice.weights}-{ending}"


def forget(adapter_folder: Path) -> None:
    """Removes what was made here of an adapter that is deleted; engines that are loaded keep working."""
    made_of = content(adapter_folder)
    for ending in ("ctranslate2", "openvino"):
        for converted in cache_folder().glob(f"*-{made_of}-{ending}"):
            shutil.rmtree(converted, ignore_errors=True)  # another process may remove it as well


def _convert(folder: Path, into: Path) -> None:
    """Converts the transformers checkpoint in `folder` to float16, which loads as any precision."""
    import ctranslate2

    ctranslate2.converters.TransformersConverter(str(folder)).convert(str(into), quantization="float16", force=True)
