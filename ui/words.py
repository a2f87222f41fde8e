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
