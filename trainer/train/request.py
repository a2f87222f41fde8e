"""What a training is asked: corpus, model, preset and settings, as config.json stores them."""

from dataclasses import dataclass, fields
from pathlib import Path

from common.messages import UserError
from trainer.presets import preset
from trainer.runs.folder import config
from trainer.settings import Settings, from_dict


@dataclass(frozen=True)
class TrainingRequest:
    corpus: str | None  # as corpus.load takes it
    audio: str | None  # its column of audio; None: a usual name
    text: str | None
    unit: str | None  # of TalkBank: segment or switch
    model: str | None  # as speech.models.choose takes it
    preset: str
    settings: Settings

    def to_dict(self) -> dict:
        return {name: getattr(self, name) for name in NAMES} | {"settings": self.settings.to_dict()}

    @classmethod
    def from_dict(cls, stored: dict) -> "TrainingRequest":
        values = {name: stored[name] for name in NAMES}
        return cls(**values | {"settings": from_dict(stored["settings"])})


NAMES = [field.name for field in fields(TrainingRequest)]


def resumed(
    folder: Path, corpus: dict[str, str | None], preset_name: str | None, changes: list[str]
) -> TrainingRequest:
    """The request of the run in `folder`; `corpus` holds corpus, audio, text, unit and model as they are given now.

    Raises UserError where there is no run, or where what is given now contradicts it.
    """
    request = TrainingRequest.from_dict(config(folder))
    same = all(value in (None, getattr(request, name)) for name, value in corpus.items())
    if (
        not same
        or preset_name not in (None, request.preset)
        or (changes and preset(request.preset, changes) != request.settings)
    ):
        raise UserError(
            en=f"The run in {folder} was started with another request (see its config.json): give --resume alone, or "
            "another folder.",
            fr=f"L'entraînement de {folder} a reçu une autre demande (voyez son config.json) : donnez --resume "
            "seul, ou un autre dossier.",
        )
    return request
