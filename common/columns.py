"""The names that people give to the columns of their tables, in English and in French: one list, for every table here.

Compared by `plain`; of two names that a table has, the one that comes first here is taken.
"""

import re
import unicodedata
from collections.abc import Iterable

AUDIO = (
    *("audio", "file_name", "file", "path", "filename", "audio_path", "audio_filepath", "audio_file", "wav", "clip"),
    *("file_path", "filepath", "audio_filename", "audio_file_name", "audio_file_path", "wav_path", "wav_filename"),
    *("wav_file", "clip_name", "clip_path", "recording", "sound", "fichier", "fichier_audio", "nom_fichier"),
    *("nom_fichier_audio", "chemin", "chemin_audio", "chemin_fichier", "chemin_fichier_audio", "enregistrement"),
    *("nom_enregistrement", "extrait", "son"),
)
TEXT = (  # a corrected one comes before what it corrects
    *("corrected_text", "corrected_transcript", "corrected_transcription", "text_corrected", "transcript_corrected"),
    *("transcription_corrected", "texte_corrige", "transcription_corrigee", "phrase_corrigee"),
    *("text", "transcript", "transcription", "sentence", "raw_transcription", "normalized_text", "utterance"),
    *("transcript_text", "raw_text", "normalized_transcription", "reference", "ground_truth", "texte", "phrase"),
    *("enonce", "verbatim", "texte_transcription", "transcription_texte", "transcription_manuelle", "texte_reference"),
    *("transcription_reference",),
)
SECONDS = (
    *("seconds", "audio_len_sec", "duration", "duration_sec", "duration_seconds", "audio_duration", "duration_ms"),
    *("duration_s", "duration_min", "duration_minutes", "audio_seconds", "audio_duration_sec", "audio_duration_s"),
    *("duree", "duree_s", "duree_sec", "duree_secondes", "duree_ms", "duree_millisecondes", "duree_min"),
    *("duree_minutes", "duree_audio", "duree_extrait", "secondes"),
)
OFFSET = ("offset", "decalage")  # as NeMo calls the start of a segment: the duration beside it is the segment's
START = (
    *("start", "start_time", "segment_start", "start_sec", "start_seconds", "begin", "start_ms", "onset", "start_s"),
    *("begin_time", "start_timestamp", "debut", "debut_s", "debut_sec", "debut_secondes", "debut_ms", "temps_debut"),
    *("heure_debut", "debut_segment"),
)
END = (
    *("end", "end_time", "segment_end", "end_sec", "end_seconds", "stop", "end_ms", "end_s", "end_timestamp"),
    *("fin", "fin_s", "fin_sec", "fin_secondes", "fin_ms", "temps_fin", "heure_fin", "fin_segment"),
)
CALL = (
    *("call", "call_id", "transcript_filename", "conversation", "conversation_id", "session", "session_id"),
    *("appel", "id_appel", "appel_id", "numero_appel", "identifiant_appel", "id_conversation"),
)
SPEAKER = (
    *("speaker", "speaker_id", "spk_id", "client_id", "spk", "speaker_name"),
    *("locuteur", "locutrice", "id_locuteur", "locuteur_id", "nom_locuteur", "interlocuteur", "voix"),
)
CHANNEL = ("channel", "channel_id", "side", "canal", "canal_audio", "numero_canal", "voie", "piste", "cote")
LANGUAGE = ("language", "language_code", "lang", "locale", "langue", "code_langue")
REFERENCE = ("reference", "ref", "reference_text", "texte_reference", "transcription_reference", "ground_truth")
HYPOTHESIS = ("hypothesis", "hyp", "hypothese", "hypothesis_a", "hypothese_a", "prediction", "pred_text")
HYPOTHESIS_B = ("hypothesis_b", "hyp_b", "hypothese_b", "prediction_b")
CONFIDENCE = ("confidence", "confiance")
SPLIT = ("split", "partition", "subset", "ensemble", "jeu")

_SMALL = frozenset(["d", "de", "des", "du", "l", "la", "le", "les", "en", "of", "the", "in"])


def plain(name: object) -> str:
    """What all ways to write a name have in common: « Durée (en s) », duree_s and DuréeS are duree_s."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", str(name)) if not unicodedata.combining(letter))
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare).casefold())
    return "_".join(word for word in words if word not in _SMALL)


def guessed(columns: Iterable, usual: tuple[str, ...]) -> str | None:
    """The column whose name comes first among the usual ones; of two that are written alike, the first."""
    by_name = {plain(column): column for column in reversed([str(column) for column in columns])}
    return next((by_name[name] for name in usual if name in by_name), None)
