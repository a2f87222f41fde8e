"""What the page says, in French and in English, and which of the two a visitor reads.

Labels that never change go through `label`, which the browser translates; all else is said by the server with `say`.
"""

import re

import gradio as gr
from transformers.models.whisper.tokenization_whisper import LANGUAGES

from common.messages import Message

WORDS = {
    "tagline": Message(
        en="Listens to French phone calls and writes them down.",
        fr="Écoute les appels en français et les met par écrit.",
    ),
    "loading": Message(en="The model is loading…", fr="Le modèle se charge…"),
    # The first tab
    "transcribe": Message(en="Transcribe", fr="Transcrire"),
    "recording": Message(en="Recording", fr="Enregistrement"),
    "stop": Message(en="Stop", fr="Arrêter"),
    "language": Message(en="Spoken language", fr="Langue parlée"),
    "detect": Message(en="Detect", fr="Détecter"),
    "task": Message(en="Write", fr="Écrire"),
    "task_transcribe": Message(en="as spoken", fr="tel quel"),
    "task_translate": Message(en="in English", fr="en anglais"),
    "hot_words": Message(en="Words to expect", fr="Mots attendus"),
    "hot_words_hint": Message(en="names, places, jargon of the call", fr="noms, lieux, jargon de l'appel"),
    "timestamps": Message(en="Timed segments", fr="Segments minutés"),
    "samples": Message(
        en="No recording at hand? Telephone prompts:", fr="Rien sous la main ? Des messages de standard :"
    ),
    "no_recording": Message(
        en="There is no recording yet: speak into the microphone or drop a file.",
        fr="Il n'y a pas encore d'enregistrement : parlez dans le micro ou déposez un fichier.",
    ),
    # A transcript
    "invitation": Message(
        en="Speak, or drop a recording: what was said appears here.",
        fr="Parlez, ou déposez un enregistrement : ce qui s'est dit s'écrira ici.",
    ),
    "invitation_small": Message(
        en="WAV of any telephone kind, mp3, m4a, ogg, flac, webm, amr, or a video.",
        fr="WAV de téléphonie de toute sorte, mp3, m4a, ogg, flac, webm, amr, ou une vidéo.",
    ),
    "listening": Message(en="Listening…", fr="J'écoute…"),
    "progress": Message(en="{done} of {total} heard", fr="{done} écoutées sur {total}"),
    "stopped": Message(en="Stopped after {done} of {total}.", fr="Arrêté après {done} sur {total}."),
    "interrupted": Message(
        en="The transcription was interrupted before any text; try again.",
        fr="La transcription s'est interrompue avant tout texte ; réessayez.",
    ),
    "no_speech": Message(en="No speech found in this recording.", fr="Aucune parole dans cet enregistrement."),
    "audio_fact": Message(en="of audio", fr="d'audio"),
    "taken_fact": Message(en="to write it", fr="pour l'écrire"),
    "speed_fact": Message(en="real-time factor", fr="facteur temps réel"),
    "language_fact": Message(en="language", fr="langue"),
    "speaker": Message(en="Voice {name}", fr="Voix {name}"),
    "confidence": Message(en="confidence {percent} %", fr="confiance {percent} %"),
    "unsure": Message(en="Underlined: Whisper was not sure.", fr="Souligné : Whisper n'était pas sûr."),
    "loop": Message(en="a phrase that goes round and round", fr="une phrase qui tourne en rond"),
    "phantom": Message(
        en="a line that Whisper makes up in silence", fr="une phrase que Whisper invente dans le silence"
    ),
    "flagged": Message(en="Set aside, probably never said:", fr="Mis de côté, sans doute jamais dit :"),
    # The calls tab: its line
    "calls": Message(en="Calls", fr="Appels"),
    "calls_drop": Message(en="Recordings of calls, one or many", fr="Enregistrements d'appels, un ou plusieurs"),
    "channels": Message(en="Channels", fr="Canaux"),
    "channels_auto": Message(en="automatic", fr="automatique"),
    "channels_mix": Message(en="mixed", fr="mêlés"),
    "channels_split": Message(en="split", fr="séparés"),
    "speakers": Message(en="Voices if one channel", fr="Voix si un seul canal"),
    "speakers_found": Message(en="to be found", fr="à trouver"),
    "simulated": Message(en="A simulated call:", fr="Un appel simulé :"),
    "simulated_stereo": Message(en="two channels", fr="deux canaux"),
    "simulated_mono": Message(en="one channel", fr="un canal"),
    "simulated_file_stereo": Message(en="call-of-two-channels.wav", fr="appel-à-deux-canaux.wav"),
    "simulated_file_mono": Message(en="call-of-one-channel.wav", fr="appel-à-un-canal.wav"),
    "calls_deleted": Message(
        en="Recordings and texts are deleted when you leave this page, or after an hour without a sign of you.",
        fr="Enregistrements et textes sont effacés quand vous quittez cette page, ou après une heure sans un geste.",
    ),
    "clear_calls": Message(en="Delete all now", fr="Tout effacer"),
    "call_cancel": Message(en="Cancel", fr="Annuler"),
    "call_again": Message(en="Hear it again, with these settings", fr="Réécouter, avec ces réglages"),
    "call_remove": Message(en="Delete", fr="Effacer"),
    "call_waiting": Message(en="waiting", fr="en attente"),
    "call_begins": Message(en="the line is being surveyed…", fr="la ligne est examinée…"),
    "call_running": Message(en="{percent} %", fr="{percent} %"),
    "call_done": Message(en="{length}, turns: {turns}", fr="{length}, tours de parole : {turns}"),
    "call_silent": Message(en="no speech", fr="aucune parole"),
    "call_cancelled": Message(
        en="cancelled at {percent} %; what was heard is kept", fr="annulé à {percent} % ; ce qui a été entendu reste"
    ),
    "call_gone": Message(
        en="“{name}” is not there any more: drop it again.", fr="« {name} » n'est plus là : déposez-le à nouveau."
    ),
    "call_twice": Message(
        en="“{name}” is in the line already: press ↻ there to have it heard again.",
        fr="« {name} » est déjà dans la file : pressez-y ↻ pour le faire réécouter.",
    ),
    "calls_doubled": Message(
        en="The same recording came twice; it is heard once.",
        fr="Le même enregistrement est venu deux fois ; il est écouté une fois.",
    ),
    "too_many_calls": Message(
        en="{most} recordings are in the line: delete some before you add others.",
        fr="{most} enregistrements sont dans la file : effacez-en avant d'en ajouter.",
    ),
    "call_broke": Message(
        en="It could not be heard; the server's log says why. Try it again, or export it to another format.",
        fr="Il n'a pas pu être écouté ; le journal du serveur dit pourquoi. Réessayez, ou exportez-le dans un autre "
        "format.",
    ),
    # Its conversation
    "calls_invitation": Message(
        en="Drop calls: who said what, and when, appears here.",
        fr="Déposez des appels : qui a dit quoi, et quand, s'écrira ici.",
    ),
    "call_not_heard": Message(en="Not heard yet.", fr="Pas encore écouté."),
    "the_line": Message(en="The line", fr="La ligne"),
    "heard_with": Message(en="Heard with the adapter {adapter}.", fr="Écouté avec l'adaptateur {adapter}."),
    "speakers_sure": Message(
        en="The voices on the one channel were told apart by ear: {percent} % sure.",
        fr="Les voix du seul canal ont été distinguées à l'oreille : sûr à {percent} %.",
    ),
    "lanes": Message(en="Who speaks when", fr="Qui parle quand"),
    "one_voice": Message(en="Voice", fr="Voix"),
    "name_of": Message(en="Name of {name}", fr="Nom de {name}"),
    "swap_names": Message(en="Swap the names", fr="Échanger les noms"),
    "duration_fact": Message(en="duration", fr="durée"),
    "silence_fact": Message(en="silence", fr="silence"),
    "longest_fact": Message(en="longest silence", fr="plus long silence"),
    "overlap_fact": Message(en="at once", fr="ensemble"),
    "cuts_fact": Message(en="interruptions", fr="interruptions"),
    "search_call": Message(en="Search the conversation", fr="Chercher dans la conversation"),
    "turns_found": Message(en="Turns found: {count}", fr="Tours trouvés : {count}"),
    "turns_editable": Message(
        en="Click a text to correct it; ✓ says that it is right.",
        fr="Cliquez un texte pour le corriger ; ✓ dit qu'il est juste.",
    ),
    "turn_is_right": Message(en="This turn is right", fr="Ce tour est juste"),
    "play_from_here": Message(en="Play from here", fr="Écouter d'ici"),
    "zip_of_all": Message(en="↓ ZIP of all calls", fr="↓ ZIP de tous les appels"),
    # Its personal data, and what is kept
    "personal_data": Message(en="Mask personal data", fr="Masquer les données personnelles"),
    "mask": Message(en="Mask them, here and in every file", fr="Les masquer, ici et dans chaque fichier"),
    "mask_hint": Message(
        en="numbers of cards, accounts, social security and telephones, e-mail addresses",
        fr="numéros de carte, IBAN, sécurité sociale, téléphone, adresses e-mail",
    ),
    "mask_names": Message(en="Names to mask too", fr="Noms à masquer aussi"),
    "mask_sound": Message(en="The sound, there", fr="Le son, à ces moments"),
    "mask_silence": Message(en="silence", fr="silence"),
    "mask_tone": Message(en="a tone", fr="un bip"),
    "mask_prepare": Message(en="Prepare the masked sound", fr="Préparer le son masqué"),
    "mask_preparing": Message(en="The masked sound is being prepared…", fr="Le son masqué se prépare…"),
    "keep_turns": Message(en="Keep what you corrected", fr="Garder ce que vous avez corrigé"),
    "keep_about": Message(
        en="The turns with a ✓, yours and those you corrected, become clips of a corpus on this machine, from which an "
        "adapter can learn. Nothing else of a call is ever kept.",
        fr="Les tours marqués ✓, corrigés ou jugés justes, deviennent les extraits d'un corpus sur cette machine, dont "
        "un adaptateur peut apprendre. Rien d'autre d'un appel n'est jamais gardé.",
    ),
    "consent": Message(
        en="Those who speak in this call have agreed to that.", fr="Ceux qui parlent dans cet appel y ont consenti."
    ),
    "keep_none": Message(en="No turn has a ✓ yet", fr="Aucun tour n'a de ✓"),
    "keep_one": Message(en="Keep 1 turn", fr="Garder 1 tour"),
    "keep_many": Message(en="Keep {count} turns", fr="Garder {count} tours"),
    "nothing_checked": Message(
        en="No turn has a ✓: correct one, or press its ✓ where it is right.",
        fr="Aucun tour n'a de ✓ : corrigez-en un, ou pressez son ✓ s'il est juste.",
    ),
    "kept": Message(
        en="Kept: {count}. The corpus “{corpus}” is among those that the dataset and training tabs offer.",
        fr="Gardés : {count}. Le corpus « {corpus} » est parmi ceux que proposent les onglets Corpus et Entraîner.",
    ),
    # The model
    "model": Message(en="The model, from inside", fr="Le modèle, vu de l'intérieur"),
    "parameters": Message(en="parameters", fr="paramètres"),
    "precision": Message(en="precision", fr="précision"),
    "memory": Message(en="of weights in memory", fr="de poids en mémoire"),
    "megabytes": Message(en="MB", fr="Mo"),
    "layers": Message(en="layers, encoder + decoder", fr="couches, encodeur + décodeur"),
    "prompt": Message(en="What the decoder is told before it writes", fr="Ce qu'on dit au décodeur avant qu'il écrive"),
    "summary": Message(en="Layer by layer (torchinfo)", fr="Couche par couche (torchinfo)"),
    # The dataset tab: its source
    "dataset": Message(en="Dataset", fr="Corpus"),
    "source": Message(en="Corpus", fr="Corpus"),
    "source_hint": Message(
        en="or a dataset of the Hub: owner/name or owner/name:config",
        fr="ou un jeu de données du Hub : propriétaire/nom ou propriétaire/nom:configuration",
    ),
    "unusual": Message(en="Unusual columns", fr="Colonnes inhabituelles"),
    "audio_column": Message(en="Audio column", fr="Colonne de l'audio"),
    "text_column": Message(en="Text column", fr="Colonne du texte"),
    "column_hint": Message(en="guessed", fr="devinée"),
    "unit": Message(en="TalkBank's unit", fr="Unité de TalkBank"),
    "unit_segment": Message(en="segment", fr="segment"),
    "unit_switch": Message(en="switch of language", fr="changement de langue"),
    "open": Message(en="Open", fr="Ouvrir"),
    "opening": Message(en="The corpus is being opened…", fr="Le corpus s'ouvre…"),
    "no_source": Message(
        en="Choose a corpus of the list, or name a dataset of the Hub as owner/name or owner/name:config.",
        fr="Choisissez un corpus de la liste, ou nommez un jeu de données du Hub : propriétaire/nom ou "
        "propriétaire/nom:configuration.",
    ),
    "no_adapter": Message(
        en="Choose an adapter of the list, or name one of the Hub as owner/name.",
        fr="Choisissez un adaptateur de la liste, ou nommez-en un du Hub : propriétaire/nom.",
    ),
    "samples_fact": Message(en="samples", fr="extraits"),
    "hours_fact": Message(en="of audio", fr="d'audio"),
    "calls_fact": Message(en="calls", fr="appels"),
    "calls_fact_one": Message(en="call", fr="appel"),
    "speakers_fact": Message(en="speakers", fr="locuteurs"),
    "speakers_fact_one": Message(en="speaker", fr="locuteur"),
    "licence_fact": Message(en="licence", fr="licence"),
    "unknown": Message(en="unknown", fr="inconnue"),
    "why": Message(en="{name}: {reason}.", fr="{name} : {reason}."),
    "leaks": Message(
        en="Splits that share something: a score on one flatters a model that learned from the other.",
        fr="Des partitions ont quelque chose en commun : une note sur l'une flatte un modèle qui a appris sur l'autre.",
    ),
    "left_out": Message(en="{count} rows left out", fr="{count} lignes laissées de côté"),
    "left_out_one": Message(en="1 row left out", fr="1 ligne laissée de côté"),
    # Its pictures
    "picture": Message(en="Picture", fr="Graphique"),
    "picture_durations": Message(en="Durations (seconds)", fr="Durées (secondes)"),
    "picture_pace": Message(en="Words per second", fr="Mots par seconde"),
    "picture_wer": Message(en="WER by {column}", fr="WER par {column}"),
    "by_seconds": Message(en="duration (seconds)", fr="durée (secondes)"),
    "by_split": Message(en="split", fr="partition"),
    "by_call": Message(en="call", fr="appel"),
    "by_speaker": Message(en="speaker", fr="locuteur"),
    "by_channel": Message(en="channel", fr="canal"),
    "no_wer_yet": Message(en="No sample has been scored yet.", fr="Aucun extrait n'a encore été noté."),
    "words_of": Message(en="{percent} % of {words} words", fr="{percent} % de {words} mots"),
    "greatest": Message(
        en="The {shown} with the most words, of {count}.", fr="Les {shown} qui ont le plus de mots, sur {count}."
    ),
    # Its scores
    "adapter": Message(en="Adapter to compare", fr="Adaptateur à comparer"),
    "adapter_hint": Message(en="none, or one of the Hub: owner/name", fr="aucun, ou un du Hub : propriétaire/nom"),
    "adapter_loading": Message(en="The adapter is being loaded…", fr="L'adaptateur se charge…"),
    "first": Message(en="How many", fr="Combien"),
    "score_first": Message(en="Score the first", fr="Noter les premiers"),
    "score_selection": Message(en="Score the selection", fr="Noter la sélection"),
    "nothing_selected": Message(
        en="The selection is empty: change the search or the filter.",
        fr="La sélection est vide : changez la recherche ou le filtre.",
    ),
    "not_a_number": Message(
        en="Say how many samples to score: 1 or more.", fr="Dites combien d'extraits noter : 1 ou plus."
    ),
    "cancel": Message(en="Cancel", fr="Annuler"),
    "job_waiting": Message(
        en="{model}: waits until another scoring is done.", fr="{model} : attend la fin d'une autre notation."
    ),
    "job_loading": Message(en="{model}: the model is loading…", fr="{model} : le modèle se charge…"),
    "job_running": Message(en="{model}: {done} of {total} samples", fr="{model} : {done} extraits sur {total}"),
    "job_eta": Message(en=", {eta} to go", fr=", encore {eta}"),
    "job_stopping": Message(en=", stopping…", fr=", arrêt en cours…"),
    "job_done": Message(en="{model}: {done} samples scored.", fr="{model} : {done} extraits notés."),
    "job_stopped": Message(
        en="{model}: stopped at {done} of {total} samples; what was heard is kept.",
        fr="{model} : arrêté à {done} extraits sur {total} ; ce qui a été entendu est gardé.",
    ),
    "job_cancelled": Message(en="{model}: cancelled before it began.", fr="{model} : annulé avant d'avoir commencé."),
    "job_failed": Message(
        en="{model}: the scoring broke down; the server's log says why. What was heard is kept.",
        fr="{model} : la notation s'est interrompue ; le journal du serveur dit pourquoi. Ce qui a été entendu est "
        "gardé.",
    ),
    "job_left_out": Message(en="Not heard: {clips}", fr="Non entendus : {clips}"),
    "scored_of": Message(en="{scored} of {total} samples scored", fr="{scored} extraits notés sur {total}"),
    "wer_fact": Message(en="WER", fr="WER"),
    "interval_fact": Message(en="95 % interval", fr="intervalle à 95 %"),
    "cer_fact": Message(en="CER", fr="CER"),
    "edits_fact": Message(en="S / D / I", fr="S / D / I"),
    "words_fact": Message(en="words", fr="mots"),
    "fillers_fact": Message(en="WER without fillers", fr="WER sans les euh"),
    "basic_fact": Message(en="Basic WER", fr="WER Basic"),
    "raw_fact": Message(en="raw WER", fr="WER brut"),
    "loops_fact": Message(en="loops", fr="boucles"),
    "phantoms_fact": Message(en="phantoms", fr="fantômes"),
    "normaliser": Message(en="Normaliser: {name}.", fr="Normaliseur : {name}."),
    "counting": Message(en="The interval and the rest are being counted…", fr="L'intervalle et le reste se calculent…"),
    # Its table
    "search": Message(en="Search", fr="Chercher"),
    "search_hint": Message(en="words said or heard", fr="mots dits ou entendus"),
    "split": Message(en="Split", fr="Partition"),
    "all_splits": Message(en="all", fr="toutes"),
    "show": Message(en="Show", fr="Montrer"),
    "show_all": Message(en="all samples", fr="tous les extraits"),
    "show_scored": Message(en="scored", fr="notés"),
    "show_worst": Message(en="worst first", fr="les pires d'abord"),
    "show_empty": Message(en="nothing heard", fr="rien d'entendu"),
    "show_loops": Message(en="loops", fr="boucles"),
    "show_longest": Message(en="longest first", fr="les plus longs d'abord"),
    "column_text": Message(en="Text", fr="Texte"),
    "column_seconds": Message(en="Seconds", fr="Secondes"),
    "column_split": Message(en="Split", fr="Partition"),
    "column_call": Message(en="Call", fr="Appel"),
    "column_speaker": Message(en="Speaker", fr="Locuteur"),
    "column_wer": Message(en="WER", fr="WER"),
    "column_adapter_wer": Message(en="adapted", fr="adapté"),
    "pages": Message(en="{first}–{last} of {total}", fr="{first}–{last} sur {total}"),
    "none_found": Message(en="No sample fits.", fr="Aucun extrait ne correspond."),
    "previous": Message(en="Previous", fr="Précédents"),
    "next": Message(en="Next", fr="Suivants"),
    "listen_to": Message(en="Listen to sample {number}", fr="Écouter l'extrait {number}"),
    "nothing_heard": Message(en="nothing", fr="rien"),
    # One sample
    "clip": Message(en="Sample", fr="Extrait"),
    "pick": Message(
        en="Click a sample: its sound, its facts and its words appear here.",
        fr="Cliquez un extrait : son son, sa fiche et ses mots s'afficheront ici.",
    ),
    "meta_seconds": Message(en="duration", fr="durée"),
    "meta_split": Message(en="split", fr="partition"),
    "meta_language": Message(en="language", fr="langue"),
    "meta_call": Message(en="call", fr="appel"),
    "meta_speaker": Message(en="speaker", fr="locuteur"),
    "meta_channel": Message(en="channel", fr="canal"),
    "meta_subset": Message(en="subset", fr="sous-ensemble"),
    "meta_full_language": Message(en="accent", fr="accent"),
    "reference": Message(en="Message", fr="Dit"),
    "transcript": Message(en="As it came", fr="Tel que fourni"),
    "heard_by": Message(en="Heard by {model}", fr="Entendu par {model}"),
    "substituted": Message(en="said “{said}”, heard “{heard}”", fr="dit « {said} », entendu « {heard} »"),
    "deleted": Message(en="said “{said}”, not heard", fr="dit « {said} », pas entendu"),
    "inserted": Message(en="heard “{heard}”, not said", fr="entendu « {heard} », pas dit"),
    "legend_substituted": Message(en="heard as another word", fr="entendu autrement"),
    "legend_deleted": Message(en="not heard", fr="pas entendu"),
    "legend_inserted": Message(en="not said", fr="pas dit"),
    # The compare tab: its audio
    "compare": Message(en="Compare", fr="Comparer"),
    "compare_invitation": Message(
        en="Speak, drop a recording or take a sample, then compare: what each model heard appears here, side by side.",
        fr="Parlez, déposez un enregistrement ou prenez un extrait, puis comparez : ce que chaque modèle a entendu "
        "s'écrira ici, côte à côte.",
    ),
    "phone": Message(en="Through a telephone line", fr="À travers une ligne téléphonique"),
    "phone_hint": Message(
        en="300 to 3400 Hz, 8 kHz, µ-law, noise: the columns hear that",
        fr="300 à 3400 Hz, 8 kHz, µ-law, bruit : les colonnes entendent cela",
    ),
    "phoned": Message(en="What the line leaves", fr="Ce que la ligne en laisse"),
    "line_before": Message(en="before", fr="avant"),
    "line_after": Message(en="after the line", fr="après la ligne"),
    "line_axes": Message(
        en="Pitch upwards to 8 kHz, {seconds} s to the right.",
        fr="Fréquences jusqu'à 8 kHz vers le haut, {seconds} s vers la droite.",
    ),
    "what_was_said": Message(en="What was said, if you know", fr="Ce qui a été dit, si vous le savez"),
    "what_was_said_hint": Message(
        en="with it, words are counted right or wrong", fr="avec cela, les mots sont comptés justes ou faux"
    ),
    "from_corpus": Message(en="A sample of a corpus", fr="Un extrait d'un corpus"),
    "sample_number": Message(en="Number", fr="Numéro"),
    "take": Message(en="Take it", fr="Prendre"),
    "at_random": Message(en="At random", fr="Au hasard"),
    "no_such_sample": Message(
        en="There is no such sample: choose a number from 1 to {count}.",
        fr="Pas d'extrait de ce numéro : choisissez de 1 à {count}.",
    ),
    # Its columns
    "base_choice": Message(en="{model} (base)", fr="{model} (base)"),
    "no_model": Message(
        en="Choose a model or an adapter of the list, or name one of the Hub as owner/name.",
        fr="Choisissez un modèle ou un adaptateur de la liste, ou nommez-en un du Hub : propriétaire/nom.",
    ),
    "third": Message(en="A third column", fr="Une troisième colonne"),
    "settings": Message(en="Engine, precision, assistant", fr="Moteur, précision, assistant"),
    "differ": Message(en="Different settings for each column", fr="Des réglages différents pour chaque colonne"),
    "differ_hint": Message(
        en="else all columns are compared at the same precision",
        fr="sinon toutes les colonnes se comparent à la même précision",
    ),
    "engine": Message(en="Engine", fr="Moteur"),
    "engine_auto": Message(en="the page's", fr="celui de la page"),
    "engine_transformers": Message(en="transformers", fr="transformers"),
    "engine_ctranslate2": Message(en="CTranslate2", fr="CTranslate2"),
    "precision_usual": Message(en="usual", fr="habituelle"),
    "assistant": Message(en="Assistant", fr="Assistant"),
    "no_assistant": Message(en="none", fr="aucun"),
    "assistant_hint": Message(
        en="a small model that drafts: same text, sooner", fr="un petit modèle qui ébauche : même texte, plus tôt"
    ),
    "columns_same": Message(
        en="Columns {a} and {b} are the same: choose another model or another setting for one of them.",
        fr="Les colonnes {a} et {b} sont les mêmes : choisissez pour l'une un autre modèle ou un autre réglage.",
    ),
    "column_loading": Message(en="{name}: the model is loading…", fr="{name} : le modèle se charge…"),
    "column_listening": Message(en="{name} is listening: {done} of {total}", fr="{name} écoute : {done} sur {total}"),
    "comparison_interrupted": Message(
        en="The comparison was interrupted before its end; try again.",
        fr="La comparaison s'est interrompue avant la fin ; réessayez.",
    ),
    "tokens_fact": Message(en="tokens", fr="tokens"),
    "confidence_fact": Message(en="confidence", fr="confiance"),
    "accepted_fact": Message(en="of the drafts taken", fr="d'ébauches retenues"),
    # Its verdict
    "kind_fixed": Message(en="fixed", fr="corrigé"),
    "kind_broken": Message(en="broken", fr="abîmé"),
    "kind_wrong": Message(en="wrong in both", fr="faux dans les deux"),
    "kind_other": Message(en="heard differently", fr="entendu autrement"),
    "legend_both": Message(en="right in both", fr="juste dans les deux"),
    "legend_fixed": Message(en="wrong in the first, fixed beside it", fr="faux dans la première, corrigé à côté"),
    "legend_broken": Message(en="right in the first, broken beside it", fr="juste dans la première, abîmé à côté"),
    "legend_wrong": Message(en="wrong in both", fr="faux dans les deux"),
    "legend_other": Message(en="heard differently", fr="entendu autrement"),
    "legend_lines": Message(
        en="underlined: right here; struck through: wrong here", fr="souligné : juste ici ; barré : faux ici"
    ),
    "one_word": Message(en="1 word", fr="1 mot"),
    "many_words": Message(en="{count} words", fr="{count} mots"),
    "verdict_fixes": Message(en="{name} fixes {fixed} and breaks none", fr="{name} corrige {fixed} sans en abîmer"),
    "verdict_breaks": Message(en="{name} breaks {broken} and fixes none", fr="{name} abîme {broken} sans en corriger"),
    "verdict_both": Message(
        en="{name} fixes {fixed} and breaks {broken}", fr="{name} corrige {fixed} et en abîme {broken}"
    ),
    "verdict_equal": Message(en="{name} is wrong where {first} is", fr="{name} se trompe là où {first} se trompe"),
    "verdict_wer": Message(en="{said}: WER {before} → {after}.", fr="{said} : WER {before} → {after}."),
    "verdict_same_wer": Message(
        en="All heard the same words: WER {wer}.", fr="Toutes les colonnes ont entendu les mêmes mots : WER {wer}."
    ),
    "verdict_same": Message(en="All heard the same words.", fr="Toutes les colonnes ont entendu les mêmes mots."),
    "verdict_differ": Message(
        en="The columns differ: {words} of {total}.", fr="Les colonnes diffèrent : {words} sur {total}."
    ),
    "verdict_faster": Message(en="{name} was {times} times as fast.", fr="{name} a été {times} fois plus rapide."),
    # Its blind test
    "blind": Message(en="Blind", fr="À l'aveugle"),
    "blind_question": Message(
        en="Which one heard best? Their names come after your choice.",
        fr="Laquelle a le mieux entendu ? Leurs noms viendront après votre choix.",
    ),
    "tie": Message(en="A tie", fr="À égalité"),
    "tally": Message(
        en="Your choices, of the times each was shown:", fr="Vos choix, sur le nombre de fois où chacun a été montré :"
    ),
    "tally_csv": Message(en="↓ CSV of your choices", fr="↓ CSV de vos choix"),
    # Its corpus
    "many": Message(en="Columns A and B over a whole corpus", fr="Les colonnes A et B sur tout un corpus"),
    "all_hint": Message(en="empty: all", fr="vide : tous"),
    "compare_many": Message(en="Compare over the corpus", fr="Comparer sur le corpus"),
    "many_better": Message(
        en="{name} is better than {first}, and not by chance (p = {p}): WER {before} → {after}.",
        fr="{name} fait mieux que {first}, et ce n'est pas le hasard (p = {p}) : WER {before} → {after}.",
    ),
    "many_worse": Message(
        en="{name} is worse than {first}, and not by chance (p = {p}): WER {before} → {after}.",
        fr="{name} fait moins bien que {first}, et ce n'est pas le hasard (p = {p}) : WER {before} → {after}.",
    ),
    "many_chance": Message(
        en="Between {first} and {name} the difference may be chance (p = {p}): WER {before} → {after}.",
        fr="Entre {first} et {name} la différence peut être due au hasard (p = {p}) : WER {before} → {after}.",
    ),
    "clips_changed": Message(
        en="{name}: {fixed} samples fixed whole, {broken} broken; {better} better, {worse} worse.",
        fr="{name} : {fixed} extraits corrigés en entier, {broken} abîmés ; {better} améliorés, {worse} empirés.",
    ),
    "most_fixed": Message(en="Most fixed", fr="Les plus corrigés"),
    "most_broken": Message(en="Most broken", fr="Les plus abîmés"),
    "no_clips": Message(en="none", fr="aucun"),
    # Its adapters
    "adapters": Message(en="Adapters, and the memory in use", fr="Adaptateurs, et mémoire occupée"),
    "no_adapters": Message(
        en="There is no adapter here yet: train one, or add one of the Hub.",
        fr="Il n'y a pas encore d'adaptateur ici : entraînez-en un, ou ajoutez-en un du Hub.",
    ),
    "adapter_name": Message(en="Adapter", fr="Adaptateur"),
    "adapter_base": Message(en="Base", fr="Base"),
    "adapter_corpus": Message(en="Data", fr="Données"),
    "adapter_date": Message(en="Date", fr="Date"),
    "adapter_wer": Message(en="WER before → after", fr="WER avant → après"),
    "adapter_margin": Message(en="Margin", fr="Marge"),
    "adapter_size": Message(en="Size", fr="Taille"),
    "adapter_missing": Message(en="not whole: {files}", fr="incomplet : {files}"),
    "adapter_add_hint": Message(
        en="of the list, or of the Hub: owner/name", fr="de la liste, ou du Hub : propriétaire/nom"
    ),
    "new_name": Message(en="New name, for you", fr="Nouveau nom, pour vous"),
    "add_adapter": Message(en="Add", fr="Ajouter"),
    "rename_adapter": Message(en="Rename", fr="Renommer"),
    "remove_adapter": Message(en="Take off my list", fr="Retirer de ma liste"),
    "refresh_adapter": Message(en="Refresh", fr="Rafraîchir"),
    "name_taken": Message(
        en="Another adapter is called {name}: choose another name.",
        fr="Un autre adaptateur s'appelle {name} : choisissez un autre nom.",
    ),
    "memory_used": Message(en="Weights in memory: {total} MB", fr="Poids en mémoire : {total} Mo"),
    # The training tab
    "train": Message(en="Train", fr="Entraîner"),
    "base_model": Message(en="Base model", fr="Modèle de base"),
    "base_hint": Message(en="or one of the Hub: owner/name", fr="ou un du Hub : propriétaire/nom"),
    "preset": Message(en="Preset", fr="Préréglage"),
    "preset_quick": Message(en="quick", fr="rapide"),
    "preset_thorough": Message(en="thorough", fr="approfondi"),
    "preset_seed": Message(en="the notebook's", fr="celui du carnet"),
    "minutes": Message(en="Minutes", fr="Minutes"),
    "minutes_hint": Message(
        en="at most; empty: no such end",
        fr="au plus ; vide : sans limite",
    ),
    "run_name": Message(en="Name of the training", fr="Nom de l'entraînement"),
    "run_name_hint": Message(en="letters, digits, dots, dashes", fr="lettres, chiffres, points, tirets"),
    "learns_from": Message(
        en="Clips: {splits}. It learns from train, validation judges it, test tells the gain. Licence: {licence}.",
        fr="Extraits : {splits}. Il apprend sur train, validation le juge, test dit le gain. Licence : {licence}.",
    ),
    "recipe": Message(en="The notebook's settings, and all others", fr="Les réglages du carnet, et tous les autres"),
    "set_rank": Message(en="Rank (r)", fr="Rang (r)"),
    "set_rank_hint": Message(
        en="How much the adapter can hold; more learns more, and forgets more. Notebook: 8.",
        fr="Ce que l'adaptateur peut retenir ; plus il est grand, plus il apprend, et oublie. Carnet : 8.",
    ),
    "set_alpha": Message(en="Alpha", fr="Alpha"),
    "set_alpha_hint": Message(
        en="How loud it speaks: what it adds is scaled by alpha / r. Notebook: 32.",
        fr="La force de sa voix : ce qu'il ajoute est multiplié par alpha / r. Carnet : 32.",
    ),
    "set_dropout": Message(en="Dropout", fr="Dropout"),
    "set_dropout_hint": Message(
        en="The share that is hidden from it at each step, against learning by heart. Notebook: 0.1.",
        fr="La part qu'on lui cache à chaque pas, contre le par-cœur. Carnet : 0,1.",
    ),
    "set_modules": Message(en="Modules", fr="Modules"),
    "set_modules_hint": Message(
        en="The layers that it changes. Notebook: q_proj and v_proj.",
        fr="Les couches qu'il modifie. Carnet : q_proj et v_proj.",
    ),
    "set_learning_rate": Message(en="Learning rate", fr="Taux d'apprentissage"),
    "set_learning_rate_hint": Message(
        en="The length of a step; too long and the loss jumps. Notebook: 0.001.",
        fr="La longueur d'un pas ; trop long, la perte saute. Carnet : 0,001.",
    ),
    "set_warmup_steps": Message(en="Warm-up", fr="Mise en route"),
    "set_warmup_steps_hint": Message(
        en="Steps until the full rate; below 1, a share of all steps. Notebook: 50.",
        fr="Pas jusqu'au taux entier ; sous 1, une part de tous les pas. Carnet : 50.",
    ),
    "set_batch_size": Message(en="Batch", fr="Lot"),
    "set_batch_size_hint": Message(
        en="Clips a step; where memory is short it is heard in pieces. Notebook: 8.",
        fr="Extraits par pas ; si la mémoire manque, il est entendu par morceaux. Carnet : 8.",
    ),
    "set_epochs": Message(en="Epochs", fr="Époques"),
    "set_epochs_hint": Message(
        en="Times that each clip is heard, at most; the minutes may end it sooner. Notebook: 3.",
        fr="Fois que chaque extrait est entendu, au plus ; les minutes peuvent y mettre fin. Carnet : 3.",
    ),
    "set_window": Message(en="Window", fr="Fenêtre"),
    "set_window_hint": Message(
        en="What a clip is heard in; short is ten times faster. Notebook: 30 s.",
        fr="Ce dans quoi un extrait est entendu ; courte, dix fois plus vite. Carnet : 30 s.",
    ),
    "window_short": Message(en="the clip and 1 s", fr="l'extrait et 1 s"),
    "window_full": Message(en="30 s", fr="30 s"),
    "set_others": Message(en="Other settings", fr="Autres réglages"),
    "set_others_hint": Message(en="key=value, one a line", fr="clé=valeur, un par ligne"),
    "start_training": Message(en="Start", fr="Démarrer"),
    "starting": Message(en="The training is being started…", fr="L'entraînement démarre…"),
    "started": Message(
        en="{name} has started. It goes on without this page.",
        fr="{name} a démarré. Il continue sans cette page.",
    ),
    # Before a training
    "on_a_cpu": Message(
        en="There is no GPU here: the processor trains, and shares itself with who transcribes. A few minutes are "
        "enough for a small corpus; Estimate says how much they are.",
        fr="Il n'y a pas de GPU ici : le processeur entraîne, et se partage avec qui transcrit. Quelques minutes "
        "suffisent à un petit corpus ; Estimer dit ce qu'elles valent.",
    ),
    "zero_gpu": Message(
        en="This Space has ZeroGPU, which lends its GPU for a minute at a time: no training can run in the background. "
        "Train on a machine of Hugging Face, below, or give the Space a GPU of its own.",
        fr="Ce Space est en ZeroGPU, qui prête son GPU une minute à la fois : aucun entraînement ne peut y tourner en "
        "arrière-plan. Entraînez sur une machine de Hugging Face, plus bas, ou donnez au Space un GPU à lui.",
    ),
    "runs_are_lost": Message(
        en="The disk of this Space is wiped when it restarts, trainings and all: mount a bucket and name a folder of "
        "it in ALLO_RUNS, or push each new best adapter to the Hub, below.",
        fr="Le disque de ce Space est effacé à son redémarrage, entraînements compris : montez un bucket et nommez un "
        "de ses dossiers dans ALLO_RUNS, ou poussez chaque nouveau meilleur adaptateur sur le Hub, plus bas.",
    ),
    "estimate": Message(en="Estimate", fr="Estimer"),
    "estimating": Message(
        en="The model is loaded and a few steps are timed: about a minute. Nothing of it is kept.",
        fr="Le modèle se charge et quelques pas sont chronométrés : une minute environ. Rien n'en est gardé.",
    ),
    "estimate_time": Message(en="of training", fr="d'entraînement"),
    "estimate_cost": Message(en="of this Space's machine", fr="de la machine de ce Space"),
    "estimate_steps": Message(en="steps", fr="pas"),
    "epochs_fact": Message(en="epochs", fr="époques"),
    "estimate_memory": Message(en="memory: needed / free", fr="mémoire : voulue / libre"),
    "estimate_trainable": Message(en="parameters to learn", fr="paramètres à apprendre"),
    "estimate_device": Message(
        en="{device}, {weights}: {seconds} s a step. Clips: {split}; {minutes} min to learn from.",
        fr="{device}, {weights} : {seconds} s par pas. Extraits : {split} ; {minutes} min pour apprendre.",
    ),
    "memory_short": Message(
        en="It needs more memory than is free: choose a smaller batch or a smaller model.",
        fr="Il veut plus de mémoire qu'il n'en reste : choisissez un lot ou un modèle plus petit.",
    ),
    "would_wait": Message(
        en="Trainings before it on this device: {count}. It would wait for them.",
        fr="Entraînements avant lui sur cet appareil : {count}. Il les attendrait.",
    ),
    "command_failed": Message(
        en="The command broke down; the machine may be out of memory. Try again, or with a smaller batch.",
        fr="La commande s'est interrompue ; la mémoire manque peut-être. Réessayez, ou avec un lot plus petit.",
    ),
    # Who may
    "password": Message(en="Password", fr="Mot de passe"),
    "password_hint": Message(
        en="the one that the start of the page printed, or ALLO_PASSWORD",
        fr="celui qu'a affiché le lancement de la page, ou ALLO_PASSWORD",
    ),
    "password_only": Message(
        en="That takes the password: type the one that the start of the page printed, or ALLO_PASSWORD.",
        fr="Il faut pour cela le mot de passe : tapez celui qu'a affiché le lancement de la page, ou ALLO_PASSWORD.",
    ),
    "here_only": Message(
        en="Only who sits at the machine that serves this page may do that; for others, set ALLO_PASSWORD there.",
        fr="Seul qui est devant la machine qui sert cette page le peut ; pour les autres, son propriétaire peut régler "
        "ALLO_PASSWORD.",
    ),
    "owner_only": Message(
        en="On this Space only {names} may do that: sign in with Hugging Face, or duplicate the Space.",
        fr="Sur ce Space, seul {names} le peut : connectez-vous avec Hugging Face, ou dupliquez le Space.",
    ),
    # A training
    "no_runs": Message(
        en="No training yet. As the form stands, Start teaches Whisper the telephone prompts in ten minutes or so: an "
        "adapter to compare with its base.",
        fr="Pas encore d'entraînement. Tel que rempli, « Démarrer » apprend à Whisper les messages téléphoniques en "
        "dix minutes environ : un adaptateur à comparer avec sa base.",
    ),
    "run_starting": Message(en="starting", fr="démarre"),
    "run_queued": Message(en="in line", fr="en attente"),
    "run_running": Message(en="training", fr="en cours"),
    "run_cancelling": Message(en="stopping", fr="s'arrête"),
    "run_cancelled": Message(en="stopped", fr="arrêté"),
    "run_failed": Message(en="failed", fr="échoué"),
    "run_completed": Message(en="done", fr="terminé"),
    "run_prepares": Message(
        en="Corpus and model are being loaded, and steps are timed…",
        fr="Le corpus et le modèle se chargent, et des pas sont chronométrés…",
    ),
    "run_steps": Message(en="Step {step} of {steps}", fr="Pas {step} sur {steps}"),
    "run_judges": Message(
        en="The steps are done: base and adapter hear the test split…",
        fr="Les pas sont faits : base et adaptateur écoutent la partition de test…",
    ),
    "run_stops": Message(en="It stops after its step…", fr="Il s'arrête après son pas…"),
    "run_waits": Message(
        en="In line for this device, trainings before it: {count}", fr="En attente, entraînements avant lui : {count}"
    ),
    "run_waits_for": Message(en="; the one at work has {eta} to go", fr=" ; celui en cours en a encore pour {eta}"),
    "run_silent": Message(
        en="No sign of life for {seconds} s, though the process is there: it may be short of memory or of disk.",
        fr="Pas de signe de vie depuis {seconds} s, bien que le processus soit là : mémoire ou disque à bout ?",
    ),
    "run_never_began": Message(
        en="It ended before it began: its log, below, says why. Delete it, and start again.",
        fr="Il s'est arrêté avant de commencer : son journal, dessous, dit pourquoi. Supprimez-le, et recommencez.",
    ),
    "run_told_cancelled": Message(
        en="Stopped after step {step} of {steps}; its best adapter so far is kept, and Resume goes on.",
        fr="Arrêté après le pas {step} sur {steps} ; son meilleur adaptateur est gardé, et « Reprendre » continue.",
    ),
    "run_told_completed": Message(en="Done: {steps} steps.", fr="Terminé : {steps} pas."),
    "trained_fact": Message(en="of training so far", fr="d'entraînement jusqu'ici"),
    "pace_fact": Message(en="clips a second", fr="extraits par seconde"),
    "loss_fact": Message(en="loss", fr="perte"),
    "best_wer_fact": Message(en="best WER", fr="meilleur WER"),
    "run_memory": Message(en="of memory taken", fr="de mémoire prise"),
    "peak_fact": Message(en="of memory at most", fr="de mémoire au plus"),
    "curve_loss": Message(en="Loss: {now}", fr="Perte : {now}"),
    "curve_wer": Message(
        en="WER on validation: {now}, at best {best} (step {step})",
        fr="WER sur validation : {now}, au mieux {best} (pas {step})",
    ),
    "resume": Message(en="Resume", fr="Reprendre"),
    "delete": Message(en="Delete", fr="Supprimer"),
    "really_delete": Message(en="Delete it, adapter and all", fr="Supprimer, adaptateur compris"),
    "keep": Message(en="Keep it", fr="Garder"),
    # What it gained
    "gain_better": Message(
        en="The adapter is better, and not by chance (p = {p}): WER {before} → {after}.",
        fr="L'adaptateur fait mieux, et ce n'est pas le hasard (p = {p}) : WER {before} → {after}.",
    ),
    "gain_worse": Message(
        en="The adapter is worse, and not by chance (p = {p}): WER {before} → {after}.",
        fr="L'adaptateur fait moins bien, et ce n'est pas le hasard (p = {p}) : WER {before} → {after}.",
    ),
    "gain_chance": Message(
        en="The difference may be chance (p = {p}): WER {before} → {after}.",
        fr="La différence peut être due au hasard (p = {p}) : WER {before} → {after}.",
    ),
    "gain_clips": Message(
        en="Clips fixed whole: {fixed}; broken: {broken}; better: {better}; worse: {worse}.",
        fr="Extraits corrigés en entier : {fixed} ; abîmés : {broken} ; améliorés : {better} ; empirés : {worse}.",
    ),
    "own_window": Message(en="its own window", fr="sa propre fenêtre"),
    "full_window": Message(en="30-s window", fr="fenêtre de 30 s"),
    "the_base": Message(en="Base", fr="Base"),
    "the_adapter": Message(en="Adapter", fr="Adaptateur"),
    "forgetting": Message(en="What it forgot: WER elsewhere", fr="Ce qu'il a oublié : le WER ailleurs"),
    "forgetting_unknown": Message(en="What it forgot was not measured.", fr="Ce qu'il a oublié n'a pas été mesuré."),
    "before": Message(en="before", fr="avant"),
    "after": Message(en="after", fr="après"),
    "lost": Message(en="lost", fr="perdu"),
    "clips_fixed": Message(en="Fixed", fr="Corrigés"),
    "clips_broken": Message(en="Broken", fr="Abîmés"),
    "hear_clip": Message(en="Hear {name}", fr="Écouter {name}"),
    "go_compare": Message(en="Compare it by ear and by microphone", fr="Le comparer à l'oreille et au micro"),
    "take_away": Message(en="Take the adapter away", fr="Emporter l'adaptateur"),
    "take_format": Message(en="As", fr="Sous forme de"),
    "take_adapter": Message(en="adapter (PEFT)", fr="adaptateur (PEFT)"),
    "take_merged": Message(en="whole model (transformers)", fr="modèle entier (transformers)"),
    "take_ctranslate2": Message(en="whole model (faster-whisper)", fr="modèle entier (faster-whisper)"),
    "prepare": Message(en="Prepare the file", fr="Préparer le fichier"),
    "preparing": Message(en="The file is being prepared…", fr="Le fichier se prépare…"),
    "no_adapter_yet": Message(
        en="There is no adapter yet: wait for the first evaluation, or for the end.",
        fr="Il n'y a pas encore d'adaptateur : attendez la première évaluation, ou la fin.",
    ),
    "publish": Message(en="Publish on the Hub", fr="Publier sur le Hub"),
    "repository": Message(en="Repository", fr="Dépôt"),
    "repository_hint": Message(en="made where there is none", fr="créé s'il n'existe pas"),
    "token": Message(en="Token that may write", fr="Jeton qui peut écrire"),
    "token_hint": Message(en="used once, kept nowhere", fr="sert une fois, n'est gardé nulle part"),
    "private": Message(en="Private", fr="Privé"),
    "publishing": Message(en="The adapter is being published…", fr="L'adaptateur se publie…"),
    "published": Message(en="Published: {name}.", fr="Publié : {name}."),
    "token_and_repository": Message(
        en="Name a repository, and give a token that may write, from your settings on the Hub.",
        fr="Nommez un dépôt, et donnez un jeton qui peut écrire, de vos réglages sur le Hub.",
    ),
    "hub_is_off": Message(
        en="ALLO_OFFLINE is set, so nothing goes to the Hub: take the file away instead, or start the page without it.",
        fr="ALLO_OFFLINE est réglé, rien ne part donc vers le Hub : emportez plutôt le fichier, ou relancez la page "
        "sans lui.",
    ),
    "card": Message(en="The adapter's card", fr="La fiche de l'adaptateur"),
    "go_listen": Message(en="Use it for the microphone and calls", fr="L'utiliser pour le micro et les appels"),
    "ear": Message(en="Listens with", fr="Écoute avec"),
    "ear_page": Message(en="the base model", fr="le modèle de base"),
    "push_best": Message(
        en="Push each new best adapter to the Hub", fr="Pousser chaque nouveau meilleur adaptateur sur le Hub"
    ),
    "push_to_hint": Message(
        en="made, for you alone, where there is none", fr="créé, pour vous seul, s'il n'existe pas"
    ),
    "push_token_hint": Message(
        en="goes to the training alone, written nowhere", fr="ne va qu'à l'entraînement, n'est écrit nulle part"
    ),
    # Its learning curve
    "more_data": Message(en="Would more data help?", fr="Plus de données aideraient-elles ?"),
    "more_data_hint": Message(
        en="The same recipe on 25, 50 and 100 % of the data: three trainings, one after the other, and their curve.",
        fr="La même recette sur 25, 50 et 100 % des données : trois entraînements, l'un après l'autre, et leur courbe.",
    ),
    "start_curve": Message(en="Start the three trainings", fr="Démarrer les trois entraînements"),
    "curve_data": Message(en="WER on test, by the data learned from", fr="WER sur test, selon les données apprises"),
    "of_the_data": Message(en="{share} %: {clips} clips", fr="{share} % : {clips} extraits"),
    "data_waits": Message(
        en="Trainings done: {count} of 3. The last ones tell whether more data would help.",
        fr="Entraînements finis : {count} sur 3. Les derniers diront si plus de données aideraient.",
    ),
    "data_yes": Message(
        en="More data would help: from half of it to all, WER {before} → {after}, and not by chance (p = {p}).",
        fr="Plus de données aideraient : de la moitié au tout, WER {before} → {after}, et ce n'est pas le hasard "
        "(p = {p}).",
    ),
    "data_maybe": Message(
        en="More data may help: from half of it to all, WER {before} → {after}, but that may be chance (p = {p}).",
        fr="Plus de données aideraient peut-être : de la moitié au tout, WER {before} → {after}, mais ce peut être le "
        "hasard (p = {p}).",
    ),
    "data_no": Message(
        en="More of the same would hardly help: from half of the data to all, WER {before} → {after}. Give it other "
        "calls, more time, or a larger base.",
        fr="Plus de la même chose n'aiderait guère : de la moitié des données au tout, WER {before} → {after}. "
        "Donnez-lui d'autres appels, plus de temps, ou une base plus grande.",
    ),
    # Elsewhere: a Hugging Face Job
    "rent": Message(en="Train on a machine of Hugging Face", fr="Entraîner sur une machine de Hugging Face"),
    "rent_hint": Message(
        en="The form above as a Hugging Face Job, paid by the minute; the adapter comes to a repository of yours.",
        fr="Le formulaire ci-dessus en Job Hugging Face, payé par vous à la minute ; l'adaptateur arrive dans un dépôt "
        "à vous.",
    ),
    "rent_machine": Message(en="Machine", fr="Machine"),
    "rent_machine_hint": Message(en="by the Hub's name", fr="par son nom sur le Hub"),
    "rent_limit": Message(en="Time limit", fr="Limite de temps"),
    "rent_limit_hint": Message(en="30m, 2h, 1d", fr="30m, 2h, 1d"),
    "rent_source": Message(en="Space that Allô is in", fr="Space où se trouve Allô"),
    "rent_source_hint": Message(en="the Job takes it from there", fr="le Job le prend là"),
    "rent_token_hint": Message(
        en="kept nowhere; none is needed once you are signed in",
        fr="n'est gardé nulle part ; inutile si vous êtes connecté",
    ),
    "rent_no_token": Message(
        en="Sign in with Hugging Face, or give a token that may run Jobs and write.",
        fr="Connectez-vous avec Hugging Face, ou donnez un jeton qui peut lancer des Jobs et écrire.",
    ),
    "rent_price": Message(en="Show the cost", fr="Voir le prix"),
    "rent_start": Message(en="Start the Job", fr="Lancer le Job"),
    "rent_find": Message(en="Find my Job", fr="Retrouver mon Job"),
    "rent_none": Message(en="You have no Job of Allô.", fr="Vous n'avez pas de Job d'Allô."),
    "rent_cost": Message(en="at most", fr="au plus"),
    "rent_told": Message(
        en="{flavor}, {price} USD a {unit}; the adapter goes to {result}. Nothing has started yet.",
        fr="{flavor}, {price} USD par {unit} ; l'adaptateur ira dans {result}. Rien n'est encore lancé.",
    ),
    "rent_no_price": Message(
        en="The Hub does not tell what {flavor} costs, so nothing is started: try again later.",
        fr="Le Hub ne dit pas ce que coûte {flavor}, rien n'est donc lancé : réessayez plus tard.",
    ),
    "per_second": Message(en="second", fr="seconde"),
    "per_minute": Message(en="minute", fr="minute"),
    "per_hour": Message(en="hour", fr="heure"),
    "job_scheduling": Message(en="The Job waits for its machine…", fr="Le Job attend sa machine…"),
    "job_on_its_way": Message(en="The Job is at work.", fr="Le Job travaille."),
    "job_completed": Message(
        en="The Job is done: its adapter is in {result}.", fr="Le Job est fini : son adaptateur est dans {result}."
    ),
    "job_canceled": Message(en="The Job was cancelled.", fr="Le Job a été annulé."),
    "job_error": Message(
        en="The Job failed: its log, below, says why.", fr="Le Job a échoué : son journal, dessous, dit pourquoi."
    ),
    "job_deleted": Message(en="The Job is no more.", fr="Le Job n'existe plus."),
    "job_seconds": Message(en="at work", fr="au travail"),
    "job_link": Message(en="its page on the Hub", fr="sa page sur le Hub"),
    "rent_cancel": Message(en="Cancel the Job", fr="Annuler le Job"),
    "rent_fetch": Message(en="Fetch the adapter", fr="Rapporter l'adaptateur"),
    "rent_fetching": Message(en="The adapter is being fetched…", fr="L'adaptateur est rapporté…"),
    "rent_fetched": Message(
        en="{name} is here: compare it, or use it for the microphone.",
        fr="{name} est ici : comparez-le, ou utilisez-le pour le micro.",
    ),
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
