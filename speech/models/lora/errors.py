"""What may be wrong with an adapter, each with the way to mend it."""

from common.messages import Message


class DamagedError(Exception):
    """The files are not whole."""


class UnfitError(Exception):
    """The adapter cannot be used with its base, for a reason that also says how to mend it."""

    def __init__(self, en: str, fr: str):
        super().__init__(en)
        self.reason = Message(en, fr)


def shown(value: object) -> str:
    return repr(value)[:60]


def other_layers() -> UnfitError:
    return UnfitError(
        en="its weights are of other layers or ranks than its configuration says; export it again",
        fr="ses poids sont d'autres couches ou d'autres rangs que sa configuration ne le dit ; exportez-le à nouveau",
    )


def no_such_layer(layer: str) -> UnfitError:
    return UnfitError(
        en=f"{shown(layer)} is no layer of the base that LoRA can change; name the base that it was trained on",
        fr=f"{shown(layer)} n'est pas une couche de la base que LoRA puisse changer ; "
        "nommez le modèle sur lequel il a été entraîné",
    )


def other_size(layer: str) -> UnfitError:
    return UnfitError(
        en=f"its {layer} is of another size; name the base that it was trained on",
        fr=f"sa couche {layer} a une autre taille ; nommez le modèle sur lequel il a été entraîné",
    )


def not_finite() -> UnfitError:
    return UnfitError(
        en="its weights hold NaN, infinite or far too large numbers; train or export it again",
        fr="ses poids contiennent des nombres NaN, infinis ou bien trop grands ; entraînez-le ou exportez-le à nouveau",
    )
