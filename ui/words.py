"""What the page says, in French and in English, and which of the two a visitor reads.

Labels that never change go through `label`, which the browser translates; all else is said by the server with `say`.
"""

import re

import gradio as gr
from transformers.models.whisper.tokenization_whisper import LANGUAGES

from speech.said import Said

WORDS = {
    "tagline": Said(
        en="Listens to French phone calls and writes them down.",
        fr="Écoute les appels en français et les met par écrit.",
    ),
    "loading": Said(en="The model is loading…", fr="Le modèle se charge…"),
    # The first tab
    "transcribe": Said(en="Transcribe", fr="Transcrire"),
    "recording": Said(en="Recording", fr="Enregistrement"),
    "stop": Said(en="Stop", fr="Arrêter"),
    "language": Said(en="Spoken language", fr="Langue parlée"),
    "detect": Said(en="Detect", fr="Détecter"),
    "task": Said(en="Write", fr="Écrire"),
    "task_transcribe": Said(en="as spoken", fr="tel quel"),
    "task_translate": Said(en="in English", fr="en anglais"),
    "hot_words": Said(en="Words to expect", fr="Mots attendus"),
    "hot_words_hint": Said(en="names, places, jargon of the call", fr="noms, lieux, jargon de l'appel"),
    "timestamps": Said(en="Timed segments", fr="Segments minutés"),
    "samples": Said(en="No recording at hand? Telephone prompts:", fr="Rien sous la main ? Des messages de standard :"),
    "no_recording": Said(
        en="There is no recording yet: speak into the microphone or drop a file.",
        fr="Il n'y a pas encore d'enregistrement : parlez dans le micro ou déposez un fichier.",
    ),
    # A transcript
    "invitation": Said(
        en="Speak, or drop a recording: what was said appears here.",
        fr="Parlez, ou déposez un enregistrement : ce qui s'est dit s'écrira ici.",
    ),
    "invitation_small": Said(
        en="WAV of any telephone kind, mp3, m4a, ogg, flac, webm, amr, or a video.",
        fr="WAV de téléphonie de toute sorte, mp3, m4a, ogg, flac, webm, amr, ou une vidéo.",
    ),
    "listening": Said(en="Listening…", fr="J'écoute…"),
    "progress": Said(en="{done} of {total} heard", fr="{done} écoutées sur {total}"),
    "stopped": Said(en="Stopped after {done} of {total}.", fr="Arrêté après {done} sur {total}."),
    "interrupted": Said(
        en="The transcription was interrupted before any text; try again.",
        fr="La transcription s'est interrompue avant tout texte ; réessayez.",
    ),
    "no_speech": Said(en="No speech found in this recording.", fr="Aucune parole dans cet enregistrement."),
    "audio_fact": Said(en="of audio", fr="d'audio"),
    "taken_fact": Said(en="to write it", fr="pour l'écrire"),
    "speed_fact": Said(en="real-time factor", fr="facteur temps réel"),
    "language_fact": Said(en="language", fr="langue"),
    "speaker": Said(en="Voice {name}", fr="Voix {name}"),
    "confidence": Said(en="confidence {percent} %", fr="confiance {percent} %"),
    "unsure": Said(en="Underlined: Whisper was not sure.", fr="Souligné : Whisper n'était pas sûr."),
    "loop": Said(en="a phrase that goes round and round", fr="une phrase qui tourne en rond"),
    "phantom": Said(en="a line that Whisper makes up in silence", fr="une phrase que Whisper invente dans le silence"),
    "flagged": Said(en="Set aside, probably never said:", fr="Mis de côté, sans doute jamais dit :"),
    # The model
    "model": Said(en="The model, from inside", fr="Le modèle, vu de l'intérieur"),
    "parameters": Said(en="parameters", fr="paramètres"),
    "precision": Said(en="precision", fr="précision"),
    "memory": Said(en="of weights in memory", fr="de poids en mémoire"),
    "megabytes": Said(en="MB", fr="Mo"),
    "layers": Said(en="layers, encoder + decoder", fr="couches, encodeur + décodeur"),
    "prompt": Said(en="What the decoder is told before it writes", fr="Ce qu'on dit au décodeur avant qu'il écrive"),
    "summary": Said(en="Layer by layer (torchinfo)", fr="Couche par couche (torchinfo)"),
    # The dataset tab: its source
    "dataset": Said(en="Dataset", fr="Corpus"),
    "source": Said(en="Corpus", fr="Corpus"),
    "source_hint": Said(
        en="or a dataset of the Hub: owner/name or owner/name:config",
        fr="ou un jeu de données du Hub : propriétaire/nom ou propriétaire/nom:configuration",
    ),
    "unusual": Said(en="Unusual columns", fr="Colonnes inhabituelles"),
    "audio_column": Said(en="Audio column", fr="Colonne de l'audio"),
    "text_column": Said(en="Text column", fr="Colonne du texte"),
    "column_hint": Said(en="guessed", fr="devinée"),
    "unit": Said(en="TalkBank's unit", fr="Unité de TalkBank"),
    "unit_segment": Said(en="segment", fr="segment"),
    "unit_switch": Said(en="switch of language", fr="changement de langue"),
    "open": Said(en="Open", fr="Ouvrir"),
    "opening": Said(en="The corpus is being opened…", fr="Le corpus s'ouvre…"),
    "no_source": Said(
        en="Choose a corpus of the list, or name a dataset of the Hub as owner/name or owner/name:config.",
        fr="Choisissez un corpus de la liste, ou nommez un jeu de données du Hub : propriétaire/nom ou "
        "propriétaire/nom:configuration.",
    ),
    "no_adapter": Said(
        en="Choose an adapter of the list, or name one of the Hub as owner/name.",
        fr="Choisissez un adaptateur de la liste, ou nommez-en un du Hub : propriétaire/nom.",
    ),
    "samples_fact": Said(en="samples", fr="extraits"),
    "hours_fact": Said(en="of audio", fr="d'audio"),
    "calls_fact": Said(en="calls", fr="appels"),
    "calls_fact_one": Said(en="call", fr="appel"),
    "speakers_fact": Said(en="speakers", fr="locuteurs"),
    "speakers_fact_one": Said(en="speaker", fr="locuteur"),
    "licence_fact": Said(en="licence", fr="licence"),
    "unknown": Said(en="unknown", fr="inconnue"),
    "why": Said(en="{name}: {reason}.", fr="{name} : {reason}."),
    "leaks": Said(
        en="Splits that share something: a score on one flatters a model that learned from the other.",
        fr="Des partitions ont quelque chose en commun : une note sur l'une flatte un modèle qui a appris sur l'autre.",
    ),
    "left_out": Said(en="{count} rows left out", fr="{count} lignes laissées de côté"),
    "left_out_one": Said(en="1 row left out", fr="1 ligne laissée de côté"),
    # Its pictures
    "picture": Said(en="Picture", fr="Graphique"),
    "picture_durations": Said(en="Durations (seconds)", fr="Durées (secondes)"),
    "picture_pace": Said(en="Words per second", fr="Mots par seconde"),
    "picture_wer": Said(en="WER by {column}", fr="WER par {column}"),
    "by_seconds": Said(en="duration (seconds)", fr="durée (secondes)"),
    "by_split": Said(en="split", fr="partition"),
    "by_call": Said(en="call", fr="appel"),
    "by_speaker": Said(en="speaker", fr="locuteur"),
    "by_channel": Said(en="channel", fr="canal"),
    "no_wer_yet": Said(en="No sample has been scored yet.", fr="Aucun extrait n'a encore été noté."),
    "words_of": Said(en="{percent} % of {words} words", fr="{percent} % de {words} mots"),
    "greatest": Said(
        en="The {shown} with the most words, of {count}.", fr="Les {shown} qui ont le plus de mots, sur {count}."
    ),
    # Its scores
    "adapter": Said(en="Adapter to compare", fr="Adaptateur à comparer"),
    "adapter_hint": Said(en="none, or one of the Hub: owner/name", fr="aucun, ou un du Hub : propriétaire/nom"),
    "adapter_loading": Said(en="The adapter is being loaded…", fr="L'adaptateur se charge…"),
    "first": Said(en="How many", fr="Combien"),
    "score_first": Said(en="Score the first", fr="Noter les premiers"),
    "score_selection": Said(en="Score the selection", fr="Noter la sélection"),
    "nothing_selected": Said(
        en="The selection is empty: change the search or the filter.",
        fr="La sélection est vide : changez la recherche ou le filtre.",
    ),
    "not_a_number": Said(
        en="Say how many samples to score: 1 or more.", fr="Dites combien d'extraits noter : 1 ou plus."
    ),
    "cancel": Said(en="Cancel", fr="Annuler"),
    "job_waiting": Said(
        en="{model}: waits until another scoring is done.", fr="{model} : attend la fin d'une autre notation."
    ),
    "job_loading": Said(en="{model}: the model is loading…", fr="{model} : le modèle se charge…"),
    "job_running": Said(en="{model}: {done} of {total} samples", fr="{model} : {done} extraits sur {total}"),
    "job_eta": Said(en=", {eta} to go", fr=", encore {eta}"),
    "job_stopping": Said(en=", stopping…", fr=", arrêt en cours…"),
    "job_done": Said(en="{model}: {done} samples scored.", fr="{model} : {done} extraits notés."),
    "job_stopped": Said(
        en="{model}: stopped at {done} of {total} samples; what was heard is kept.",
        fr="{model} : arrêté à {done} extraits sur {total} ; ce qui a été entendu est gardé.",
    ),
    "job_cancelled": Said(en="{model}: cancelled before it began.", fr="{model} : annulé avant d'avoir commencé."),
    "job_failed": Said(
        en="{model}: the scoring broke down; the server's log says why. What was heard is kept.",
        fr="{model} : la notation s'est interrompue ; le journal du serveur dit pourquoi. Ce qui a été entendu est "
        "gardé.",
    ),
    "job_left_out": Said(en="Not heard: {clips}", fr="Non entendus : {clips}"),
    "scored_of": Said(en="{scored} of {total} samples scored", fr="{scored} extraits notés sur {total}"),
    "wer_fact": Said(en="WER", fr="WER"),
    "interval_fact": Said(en="95 % interval", fr="intervalle à 95 %"),
    "cer_fact": Said(en="CER", fr="CER"),
    "edits_fact": Said(en="S / D / I", fr="S / D / I"),
    "words_fact": Said(en="words", fr="mots"),
    "fillers_fact": Said(en="WER without fillers", fr="WER sans les euh"),
    "basic_fact": Said(en="Basic WER", fr="WER Basic"),
    "raw_fact": Said(en="raw WER", fr="WER brut"),
    "loops_fact": Said(en="loops", fr="boucles"),
    "phantoms_fact": Said(en="phantoms", fr="fantômes"),
    "normaliser": Said(en="Normaliser: {name}.", fr="Normaliseur : {name}."),
    "counting": Said(en="The interval and the rest are being counted…", fr="L'intervalle et le reste se calculent…"),
    # Its table
    "search": Said(en="Search", fr="Chercher"),
    "search_hint": Said(en="words said or heard", fr="mots dits ou entendus"),
    "split": Said(en="Split", fr="Partition"),
    "all_splits": Said(en="all", fr="toutes"),
    "show": Said(en="Show", fr="Montrer"),
    "show_all": Said(en="all samples", fr="tous les extraits"),
    "show_scored": Said(en="scored", fr="notés"),
    "show_worst": Said(en="worst first", fr="les pires d'abord"),
    "show_empty": Said(en="nothing heard", fr="rien d'entendu"),
    "show_loops": Said(en="loops", fr="boucles"),
    "show_longest": Said(en="longest first", fr="les plus longs d'abord"),
    "column_text": Said(en="Text", fr="Texte"),
    "column_seconds": Said(en="Seconds", fr="Secondes"),
    "column_split": Said(en="Split", fr="Partition"),
    "column_call": Said(en="Call", fr="Appel"),
    "column_speaker": Said(en="Speaker", fr="Locuteur"),
    "column_wer": Said(en="WER", fr="WER"),
    "column_adapter_wer": Said(en="adapted", fr="adapté"),
    "pages": Said(en="{first}–{last} of {total}", fr="{first}–{last} sur {total}"),
    "none_found": Said(en="No sample fits.", fr="Aucun extrait ne correspond."),
    "previous": Said(en="Previous", fr="Précédents"),
    "next": Said(en="Next", fr="Suivants"),
    "listen_to": Said(en="Listen to sample {number}", fr="Écouter l'extrait {number}"),
    "nothing_heard": Said(en="nothing", fr="rien"),
    # One sample
    "clip": Said(en="Sample", fr="Extrait"),
    "pick": Said(
        en="Click a sample: its sound, its facts and its words appear here.",
        fr="Cliquez un extrait : son son, sa fiche et ses mots s'afficheront ici.",
    ),
    "meta_seconds": Said(en="duration", fr="durée"),
    "meta_split": Said(en="split", fr="partition"),
    "meta_language": Said(en="language", fr="langue"),
    "meta_call": Said(en="call", fr="appel"),
    "meta_speaker": Said(en="speaker", fr="locuteur"),
    "meta_channel": Said(en="channel", fr="canal"),
    "meta_subset": Said(en="subset", fr="sous-ensemble"),
    "meta_full_language": Said(en="accent", fr="accent"),
    "reference": Said(en="Said", fr="Dit"),
    "transcript": Said(en="As it came", fr="Tel que fourni"),
    "heard_by": Said(en="Heard by {model}", fr="Entendu par {model}"),
    "substituted": Said(en="said “{said}”, heard “{heard}”", fr="dit « {said} », entendu « {heard} »"),
    "deleted": Said(en="said “{said}”, not heard", fr="dit « {said} », pas entendu"),
    "inserted": Said(en="heard “{heard}”, not said", fr="entendu « {heard} », pas dit"),
    "legend_substituted": Said(en="heard as another word", fr="entendu autrement"),
    "legend_deleted": Said(en="not heard", fr="pas entendu"),
    "legend_inserted": Said(en="not said", fr="pas dit"),
}

FRENCH_NAMES = dict(
    re.findall(
        r"(\w+):(\w+)",
        """
        en:anglais zh:chinois de:allemand es:espagnol ru:russe ko:coréen fr:français ja:japonais pt:portugais tr:turc
        pl:polonais ca:catalan nl:néerlandais ar:arabe sv:suédois it:italien id:indonésien hi:hindi fi:finnois
        vi:vietnamien he:hébreu uk:ukrainien el:grec ms:malais cs:tchèque ro:roumain da:danois hu:hongrois ta:tamoul
        no:norvégien th:thaï ur:ourdou hr:croate bg:bulgare lt:lituanien la:latin mi:maori ml:malayalam cy:gallois
        sk:slovaque te:télougou fa:persan lv:letton bn:bengali sr:serbe az:azéri sl:slovène kn:kannada et:estonien
        mk:macédonien br:breton eu:basque is:islandais hy:arménien ne:népalais mn:mongol bs:bosnien kk:kazakh
        sq:albanais sw:swahili gl:galicien mr:marathi pa:pendjabi si:cingalais km:khmer sn:shona yo:yoruba so:somali
        af:afrikaans oc:occitan ka:géorgien be:biélorusse tg:tadjik sd:sindhi gu:gujarati am:amharique yi:yiddish
        lo:lao uz:ouzbek fo:féroïen ht:créole_haïtien ps:pachto tk:turkmène nn:nynorsk mt:maltais sa:sanskrit
        lb:luxembourgeois my:birman bo:tibétain tl:tagalog mg:malgache as:assamais tt:tatar haw:hawaïen ln:lingala
        ha:haoussa ba:bachkir jw:javanais su:soundanais yue:cantonais
        """,
    )
)


def label(key: str) -> gr.i18n.I18nData:
    """A sentence that the browser puts in its own language."""
    return TRANSLATIONS(key)


def say(reader: str, key: str, **values: str) -> str:
    """A sentence for a reader ("fr" or "en")."""
    return typeset(WORDS[key].to(reader).format(**values))


def typeset(text: str) -> str:
    """The spaces of French punctuation do not break: no line starts with a colon."""
    return re.sub("(?<=«) | (?=[:;?!»%])", "\N{NO-BREAK SPACE}", text)


def reader_of(request: gr.Request) -> str:
    """ "fr" or "en": the first language that the visitor's browser asks for, as the browser itself chooses labels."""
    return "fr" if request.headers.get("accept-language", "").lower().startswith("fr") else "en"


def language_name(code: str, reader: str) -> str:
    names = FRENCH_NAMES if reader == "fr" else LANGUAGES
    return names.get(code, code).replace("_", " ").capitalize()


def number(value: float, reader: str, decimals: int = 1) -> str:
    """1 234,5 for French readers, 1,234.5 for English ones."""
    text = f"{value:,.{decimals}f}"
    return text.translate({ord(","): "\N{NARROW NO-BREAK SPACE}", ord("."): ","}) if reader == "fr" else text


def clock(seconds: float) -> str:
    """0:07, 12:34, 1:02:03."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


TRANSLATIONS = gr.I18n(
    en={key: typeset(said.en) for key, said in WORDS.items()},
    fr={key: typeset(said.fr) for key, said in WORDS.items()},
)
