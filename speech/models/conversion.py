"""A checkpoint for CTranslate2: converted once, with its adapter merged into it, and cached."""

import shutil
from pathlib import Path

from common.cache import built_once, cache_folder
from speech.models import adapters, bundled
from speech.models.checkpoint import Choice, content, reading, weight_files


def ctranslate2_folder(choice: Choice) -> Path:
    """The choice's CTranslate2 model: the embedded one as it is, any other converted once and cached."""
    if choice.source == "embedded" and not choice.adapter:
        return bundled.ctranslate2_folder()
    name = f"{Path(choice.model).name}-{choice.weights}-ctranslate2"
    size = sum(path.stat().st_size for path in weight_files(choice.folder))
    if choice.adapter_folder:
        size *= 2  # the merged checkpoint is there for as long as it is converted

    def build(into: Path) -> None:
        with adapters.merged(choice, into) as whole, reading(choice):
            _convert(whole, into)

    return built_once(name, build, size)


def forget(adapter_folder: Path) -> None:
    """Removes what `ctranslate2_folder` made of an adapter that is deleted; engines that are loaded keep working."""
    for converted in cache_folder().glob(f"*-{content(adapter_folder)}-ctranslate2"):
        shutil.rmtree(converted, ignore_errors=True)  # another process may remove it as well


def _convert(folder: Path, into: Path) -> None:
    """Converts the transformers checkpoint in `folder` to float16, which loads as any precision."""
    import ctranslate2

    ctranslate2.converters.TransformersConverter(str(folder)).convert(str(into), quantization="float16", force=True)
