"""Corpora of the Hub: TalkBank's telephone calls in both layouts they have had, and any other dataset."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from huggingface_hub import CardData, DatasetCard, HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError

from common.hub import HUB_PATIENCE, hub_errors, offline
from common.messages import Message, UserError
from corpus.layouts.card import licence_of
from corpus.layouts.folder import open_folder
from corpus.layouts.parquet import open_parquet, rows_in
from corpus.layouts.raw import Raw
from corpus.splits import divide, rank
from transcripts import chat_markup

if TYPE_CHECKING:
    from datasets.utils.metadata import MetadataConfigs

HF = "hf://datasets/"
TALKBANK = "diabolocom/talkbank_4_stt"
CARD = "README.md"
KIND = Message("dataset", "Le jeu de données")
INSTEAD = Message("name a folder, or phone-prompts", "nommez un dossier, ou phone-prompts")
MANIFESTS = (".csv", ".tsv", ".jsonl", ".ndjson")  # a .json may be anything
TALKBANK_LICENCE = "cc-by-nc-sa-3.0"


class Repository(NamedTuple):
    """A dataset's repository, and what is known of it before any of its data is fetched."""

    name: str
    card: CardData
    files: list[str]
    base: str  # where its files are: a folder of the cache, where that is all there is, or an address (hf://)
    token: str | None

    @property
    def folder(self) -> Path | None:
        """Where all that there is of it lies in the cache."""
        return None if self.base.startswith(HF) else Path(self.base)

    @property
    def configs(self) -> "MetadataConfigs":
        """What the card says of each config, by its name."""
        from datasets.utils.metadata import MetadataConfigs  # seconds of importing, for who opens a dataset of the Hub

        try:
            found = MetadataConfigs.from_dataset_card_data(self.card)
            found.get_default_config_name()  # refuses two
            return found
        except ValueError as error:
            raise _odd_card(self.name) from error

    def parquet(self, config: dict) -> list[tuple[str, str]]:
        """The parquet files of a config, each with its split: as the card says, or as `datasets` reads their names.

        What the card names and nobody has, be it the Hub or the cache, is passed over.
        """
        from datasets import DownloadConfig
        from datasets.data_files import get_data_patterns, resolve_pattern, sanitize_patterns

        base, asked = f"{self.base}/{config.get('data_dir') or ''}".rstrip("/"), DownloadConfig(token=self.token)
        found: dict[str, str] = {}
        with suppress(FileNotFoundError):
            named = config.get("data_files")
            by_split = sanitize_patterns(named) if named else get_data_patterns(base, asked)
            for split, pattern in [(split, pattern) for split, several in by_split.items() for pattern in several]:
                with suppress(FileNotFoundError):
                    for path in resolve_pattern(pattern, base, [".parquet"], asked):
                        found.setdefault(path.removeprefix(f"{self.base}/"), str(split))
        return sorted(found.items())


def open_dataset(
    named: str, audio: str | None, unit: str, limit: int | None, token: str | None, language: str, reason: Message
) -> Raw:
    """The dataset "owner/name" or "owner/name:config" of the Hub, kept in the Hub's own cache as it is there.

    Of parquet, with `limit` only the files that hold the first rows are fetched. With ALLO_OFFLINE it is what the cache
    holds. Raises UserError where it is gated, missing or out of reach, or of another format.
    """
    name, _, config = named.partition(":")
    with hub_errors(KIND, name, INSTEAD):
        repository = _cached(name) if offline() else _asked(name, token)
        files = _talkbank(repository, config or language, unit) if name == TALKBANK else _part(repository, config)
        if files:
            files.sort(key=lambda found: rank(found[1]))
            raw = open_parquet(_fetched(repository, files, limit), named, audio)
            raw = replace(raw, published=divide(split for _, split in files))
        else:
            raw = _folder(repository, audio)
    if repository.folder:
        reason = Message(
            en=f"{reason.en}; ALLO_OFFLINE is set, so this is what the cache holds of it",
            fr=f"{reason.fr} ; ALLO_OFFLINE est défini, c'est donc ce que le cache en contient",
        )
    licence = licence_of(repository.card)
    if name == TALKBANK:
        raw, licence = replace(raw, clean=chat_markup.clean), licence or TALKBANK_LICENCE
    return replace(raw, name=name, source=named, licence=licence, reason=reason)


def _asked(name: str, token: str | None) -> Repository:
    api = HfApi(token=token)
    facts = api.dataset_info(name, timeout=2 * HUB_PATIENCE)
    if facts.gated:
        api.auth_check(name, repo_type="dataset")
    files = [file.rfilename for file in facts.siblings or []]
    if CARD in files:
        hf_hub_download(name, CARD, repo_type="dataset", token=token)  # so that the cache tells the configs offline
    return Repository(name, facts.card_data or CardData(), files, f"{HF}{name}@{facts.sha}", token)


def _cached(name: str) -> Repository:
    try:
        folder = Path(snapshot_download(name, repo_type="dataset", local_files_only=True))
    except LocalEntryNotFoundError as error:
        raise _not_cached(name) from error
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    card = DatasetCard.load(folder / CARD, ignore_metadata_errors=True).data if CARD in files else CardData()
    return Repository(name, card, files, str(folder), None)


def _talkbank(repository: Repository, config: str, unit: str) -> list[tuple[str, str | None]]:
    """TalkBank's files of one unit: today a split of a config, once a folder with a train and a test split."""
    today = repository.configs.get(config)
    if today:
        found = [(file, None) for file, split in repository.parquet(today) if split == unit]  # no split to learn from
    else:
        found = repository.parquet({"data_dir": f"{config}/{unit}"})
    if not found:
        raise _no_such_part(repository, f"{config}, {unit}")
    return found


def _part(repository: Repository, config: str) -> list[tuple[str, str | None]]:
    """The parquet files of a config, each with its split; none where the dataset is of another format."""
    configs = repository.configs
    if config and config not in configs:
        raise _no_such_part(repository, config)
    named = config or configs.get_default_config_name()
    if configs and not named:
        raise UserError(
            en=f"The dataset {repository.name} has several configs, name one as in {repository.name}:{min(configs)}: "
            f"{', '.join(configs)}.",
            fr=f"Le jeu de données {repository.name} a plusieurs configurations, nommez-en une comme dans "
            f"{repository.name}:{min(configs)} : {', '.join(configs)}.",
        )
    return repository.parquet(configs[named] if named else {})


def _fetched(
    repository: Repository, files: list[tuple[str, str | None]], limit: int | None
) -> list[tuple[Path, str | None]]:
    """The files in the cache, of which no more than the first `limit` rows need."""
    found, rows = [], 0
    for name, split in files:
        if limit is None or rows < limit:
            file = _file(repository, name)
            found.append((file, split))
            rows += rows_in(file)
    return found


def _file(repository: Repository, name: str) -> Path:
    if repository.folder:
        return repository.folder / name
    return Path(hf_hub_download(repository.name, name, repo_type="dataset", token=repository.token))


def _folder(repository: Repository, audio: str | None) -> Raw:
    """A dataset that is a folder of recordings with their texts, fetched whole."""
    if not any(Path(file).suffix in MANIFESTS for file in repository.files):
        raise UserError(
            en=f"The dataset {repository.name} is neither parquet nor a folder of audio with its metadata: "
            "name one that is.",
            fr=f"Le jeu de données {repository.name} n'est ni en parquet ni un dossier audio avec ses métadonnées : "
            "nommez-en un qui l'est.",
        )
    folder = repository.folder or Path(snapshot_download(repository.name, repo_type="dataset", token=repository.token))
    return open_folder(folder, audio, root=folder.parents[1])  # its links lead to the blobs beside it


def _no_such_part(repository: Repository, part: str) -> UserError:
    if offline():
        return _not_cached(repository.name)
    folders = sorted({str(Path(file).parent) for file in repository.files if file.endswith(".parquet")})
    configs = repository.configs.items()
    splits = {name: dict.fromkeys(split for _, split in repository.parquet(config)) for name, config in configs}
    there = ", ".join([f"{name} ({', '.join(found)})" for name, found in splits.items()] or folders or ["-"])
    return UserError(
        en=f"The dataset {repository.name} has no part {part}: choose among {there}.",
        fr=f"Le jeu de données {repository.name} n'a pas de partie {part} : choisissez parmi {there}.",
    )


def _odd_card(name: str) -> UserError:
    return UserError(
        en=f"The card of the dataset {name} does not describe its configs as the Hub wants it: mend its `configs`, or "
        "download the dataset and name the folder.",
        fr=f"La fiche du jeu de données {name} ne décrit pas ses configurations comme le Hub le veut : corrigez "
        "`configs`, ou téléchargez le jeu de données et nommez le dossier.",
    )


def _not_cached(name: str) -> UserError:
    return UserError(
        en=f"ALLO_OFFLINE is set and the dataset {name} is not in the cache: unset it, or name phone-prompts.",
        fr=f"ALLO_OFFLINE est défini et le jeu de données {name} n'est pas dans le cache : "
        "enlevez ce réglage, ou nommez phone-prompts.",
    )
