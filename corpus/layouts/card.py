"""The licence of a corpus, as its card (README.md, as on the Hub) tells it."""

from pathlib import Path

import yaml
from huggingface_hub import DatasetCard


def licence_in(folder: Path) -> str | None:
    """The licence that the folder's card tells."""
    card = folder / "README.md"
    if not card.is_file():
        return None
    try:
        return licence_of(DatasetCard.load(card, ignore_metadata_errors=True).data)
    except (yaml.YAMLError, ValueError, OSError):  # a README.md that is no card
        return None


def licence_of(card_data) -> str | None:
    """As the card says it: one, or several in a list; "other" goes by its name."""
    licence = card_data.get("license") if card_data else None
    if licence == "other":
        return card_data.get("license_name") or licence
    return ", ".join(licence) if isinstance(licence, list) else licence
