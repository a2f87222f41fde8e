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
    # The calls tab: its line
    "calls": Said(en="Calls", fr="Appels"),
    "calls_drop": Said(en="Recordings of calls, one or many", fr="Enregistrements d'appels, un ou plusieurs"),
    "channels": Said(en="Channels", fr="Canaux"),
    "channels_auto": Said(en="automatic", fr="automatique"),
    "channels_mix": Said(en="mixed", fr="mêlés"),
    "channels_split": Said(en="split", fr="séparés"),
    "speakers": Said(en="Voices if one channel", fr="Voix si un seul canal"),
    "speakers_found": Said(en="to be found", fr="à trouver"),
    "simulated": Said(en="A simulated call:", fr="Un appel simulé :"),
    "simulated_stereo": Said(en="two channels", fr="deux canaux"),
    "simulated_mono": Said(en="one channel", fr="un canal"),
    "simulated_file_stereo": Said(en="call-of-two-channels.wav", fr="appel-à-deux-canaux.wav"),
    "simulated_file_mono": Said(en="call-of-one-channel.wav", fr="appel-à-un-canal.wav"),
    "calls_deleted": Said(
        en="Recordings and texts are deleted when you leave this page, or after an hour without a sign of you.",
        fr="Enregistrements et textes sont effacés quand vous quittez cette page, ou après une heure sans un geste.",
    ),
    "clear_calls": Said(en="Delete all now", fr="Tout effacer"),
    "call_cancel": Said(en="Cancel", fr="Annuler"),
    "call_again": Said(en="Hear it again, with these settings", fr="Réécouter, avec ces réglages"),
    "call_remove": Said(en="Delete", fr="Effacer"),
    "call_waiting": Said(en="waiting", fr="en attente"),
    "call_begins": Said(en="the line is being surveyed…", fr="la ligne est examinée…"),
    "call_running": Said(en="{percent} %", fr="{percent} %"),
    "call_done": Said(en="{length}, turns: {turns}", fr="{length}, tours de parole : {turns}"),
    "call_silent": Said(en="no speech", fr="aucune parole"),
    "call_cancelled": Said(
        en="cancelled at {percent} %; what was heard is kept", fr="annulé à {percent} % ; ce qui a été entendu reste"
    ),
    "call_gone": Said(
        en="“{name}” is not there any more: drop it again.", fr="« {name} » n'est plus là : déposez-le à nouveau."
    ),
    "call_twice": Said(
        en="“{name}” is in the line already: press ↻ there to have it heard again.",
        fr="« {name} » est déjà dans la file : pressez-y ↻ pour le faire réécouter.",
    ),
    "calls_doubled": Said(
        en="The same recording came twice; it is heard once.",
        fr="Le même enregistrement est venu deux fois ; il est écouté une fois.",
    ),
    "too_many_calls": Said(
        en="{most} recordings are in the line: delete some before you add others.",
        fr="{most} enregistrements sont dans la file : effacez-en avant d'en ajouter.",
    ),
    "call_broke": Said(
        en="It could not be heard; the server's log says why. Try it again, or export it to another format.",
        fr="Il n'a pas pu être écouté ; le journal du serveur dit pourquoi. Réessayez, ou exportez-le dans un autre "
        "format.",
    ),
    # Its conversation
    "calls_invitation": Said(
        en="Drop calls: who said what, and when, appears here.",
        fr="Déposez des appels : qui a dit quoi, et quand, s'écrira ici.",
    ),
    "call_not_heard": Said(en="Not heard yet.", fr="Pas encore écouté."),
    "the_line": Said(en="The line", fr="La ligne"),
    "heard_with": Said(en="Heard with the adapter {adapter}.", fr="Écouté avec l'adaptateur {adapter}."),
    "speakers_sure": Said(
        en="The voices on the one channel were told apart by ear: {percent} % sure.",
        fr="Les voix du seul canal ont été distinguées à l'oreille : sûr à {percent} %.",
    ),
    "lanes": Said(en="Who speaks when", fr="Qui parle quand"),
    "one_voice": Said(en="Voice", fr="Voix"),
    "name_of": Said(en="Name of {name}", fr="Nom de {name}"),
    "swap_names": Said(en="Swap the names", fr="Échanger les noms"),
    "duration_fact": Said(en="duration", fr="durée"),
    "silence_fact": Said(en="silence", fr="silence"),
    "longest_fact": Said(en="longest silence", fr="plus long silence"),
    "overlap_fact": Said(en="at once", fr="ensemble"),
    "cuts_fact": Said(en="interruptions", fr="interruptions"),
    "search_call": Said(en="Search the conversation", fr="Chercher dans la conversation"),
    "turns_found": Said(en="Turns found: {count}", fr="Tours trouvés : {count}"),
    "turns_editable": Said(
        en="Click a text to correct it; ✓ says that it is right.",
        fr="Cliquez un texte pour le corriger ; ✓ dit qu'il est juste.",
    ),
    "turn_is_right": Said(en="This turn is right", fr="Ce tour est juste"),
    "play_from_here": Said(en="Play from here", fr="Écouter d'ici"),
    "zip_of_all": Said(en="↓ ZIP of all calls", fr="↓ ZIP de tous les appels"),
    # Its personal data, and what is kept
    "personal_data": Said(en="Mask personal data", fr="Masquer les données personnelles"),
    "mask": Said(en="Mask them, here and in every file", fr="Les masquer, ici et dans chaque fichier"),
    "mask_hint": Said(
        en="numbers of cards, accounts, social security and telephones, e-mail addresses",
        fr="numéros de carte, IBAN, sécurité sociale, téléphone, adresses e-mail",
    ),
    "mask_names": Said(en="Names to mask too", fr="Noms à masquer aussi"),
    "mask_sound": Said(en="The sound, there", fr="Le son, à ces moments"),
    "mask_silence": Said(en="silence", fr="silence"),
    "mask_tone": Said(en="a tone", fr="un bip"),
    "mask_prepare": Said(en="Prepare the masked sound", fr="Préparer le son masqué"),
    "mask_preparing": Said(en="The masked sound is being prepared…", fr="Le son masqué se prépare…"),
    "keep_turns": Said(en="Keep what you corrected", fr="Garder ce que vous avez corrigé"),
    "keep_about": Said(
        en="The turns with a ✓, yours and those you corrected, become clips of a corpus on this machine, from which an "
        "adapter can learn. Nothing else of a call is ever kept.",
        fr="Les tours marqués ✓, corrigés ou jugés justes, deviennent les extraits d'un corpus sur cette machine, dont "
        "un adaptateur peut apprendre. Rien d'autre d'un appel n'est jamais gardé.",
    ),
    "consent": Said(
        en="Those who speak in this call have agreed to that.", fr="Ceux qui parlent dans cet appel y ont consenti."
    ),
    "keep_none": Said(en="No turn has a ✓ yet", fr="Aucun tour n'a de ✓"),
    "keep_one": Said(en="Keep 1 turn", fr="Garder 1 tour"),
    "keep_many": Said(en="Keep {count} turns", fr="Garder {count} tours"),
    "nothing_checked": Said(
        en="No turn has a ✓: correct one, or press its ✓ where it is right.",
        fr="Aucun tour n'a de ✓ : corrigez-en un, ou pressez son ✓ s'il est juste.",
    ),
    "kept": Said(
        en="Kept: {count}. The corpus “{corpus}” is among those that the dataset and training tabs offer.",
        fr="Gardés : {count}. Le corpus « {corpus} » est parmi ceux que proposent les onglets Corpus et Entraîner.",
    ),
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
    # The compare tab: its audio
    "compare": Said(en="Compare", fr="Comparer"),
    "compare_invitation": Said(
        en="Speak, drop a recording or take a sample, then compare: what each model heard appears here, side by side.",
        fr="Parlez, déposez un enregistrement ou prenez un extrait, puis comparez : ce que chaque modèle a entendu "
        "s'écrira ici, côte à côte.",
    ),
    "phone": Said(en="Through a telephone line", fr="À travers une ligne téléphonique"),
    "phone_hint": Said(
        en="300 to 3400 Hz, 8 kHz, µ-law, noise: the columns hear that",
        fr="300 à 3400 Hz, 8 kHz, µ-law, bruit : les colonnes entendent cela",
    ),
    "phoned": Said(en="What the line leaves", fr="Ce que la ligne en laisse"),
    "line_before": Said(en="before", fr="avant"),
    "line_after": Said(en="after the line", fr="après la ligne"),
    "line_axes": Said(
        en="Pitch upwards to 8 kHz, {seconds} s to the right.",
        fr="Fréquences jusqu'à 8 kHz vers le haut, {seconds} s vers la droite.",
    ),
    "what_was_said": Said(en="What was said, if you know", fr="Ce qui a été dit, si vous le savez"),
    "what_was_said_hint": Said(
        en="with it, words are counted right or wrong", fr="avec cela, les mots sont comptés justes ou faux"
    ),
    "from_corpus": Said(en="A sample of a corpus", fr="Un extrait d'un corpus"),
    "sample_number": Said(en="Number", fr="Numéro"),
    "take": Said(en="Take it", fr="Prendre"),
    "at_random": Said(en="At random", fr="Au hasard"),
    "no_such_sample": Said(
        en="There is no such sample: choose a number from 1 to {count}.",
        fr="Pas d'extrait de ce numéro : choisissez de 1 à {count}.",
    ),
    # Its columns
    "base_choice": Said(en="{model} (base)", fr="{model} (base)"),
    "no_model": Said(
        en="Choose a model or an adapter of the list, or name one of the Hub as owner/name.",
        fr="Choisissez un modèle ou un adaptateur de la liste, ou nommez-en un du Hub : propriétaire/nom.",
    ),
    "third": Said(en="A third column", fr="Une troisième colonne"),
    "settings": Said(en="Engine, precision, assistant", fr="Moteur, précision, assistant"),
    "differ": Said(en="Different settings for each column", fr="Des réglages différents pour chaque colonne"),
    "differ_hint": Said(
        en="else all columns are compared at the same precision",
        fr="sinon toutes les colonnes se comparent à la même précision",
    ),
    "engine": Said(en="Engine", fr="Moteur"),
    "engine_auto": Said(en="the page's", fr="celui de la page"),
    "engine_transformers": Said(en="transformers", fr="transformers"),
    "engine_ctranslate2": Said(en="CTranslate2", fr="CTranslate2"),
    "precision_usual": Said(en="usual", fr="habituelle"),
    "assistant": Said(en="Assistant", fr="Assistant"),
    "no_assistant": Said(en="none", fr="aucun"),
    "assistant_hint": Said(
        en="a small model that drafts: same text, sooner", fr="un petit modèle qui ébauche : même texte, plus tôt"
    ),
    "columns_same": Said(
        en="Columns {a} and {b} are the same: choose another model or another setting for one of them.",
        fr="Les colonnes {a} et {b} sont les mêmes : choisissez pour l'une un autre modèle ou un autre réglage.",
    ),
    "column_loading": Said(en="{name}: the model is loading…", fr="{name} : le modèle se charge…"),
    "column_listening": Said(en="{name} is listening: {done} of {total}", fr="{name} écoute : {done} sur {total}"),
    "comparison_interrupted": Said(
        en="The comparison was interrupted before its end; try again.",
        fr="La comparaison s'est interrompue avant la fin ; réessayez.",
    ),
    "tokens_fact": Said(en="tokens", fr="tokens"),
    "confidence_fact": Said(en="confidence", fr="confiance"),
    "accepted_fact": Said(en="of the drafts taken", fr="d'ébauches retenues"),
    # Its verdict
    "kind_fixed": Said(en="fixed", fr="corrigé"),
    "kind_broken": Said(en="broken", fr="abîmé"),
    "kind_wrong": Said(en="wrong in both", fr="faux dans les deux"),
    "kind_other": Said(en="heard differently", fr="entendu autrement"),
    "legend_both": Said(en="right in both", fr="juste dans les deux"),
    "legend_fixed": Said(en="wrong in the first, fixed beside it", fr="faux dans la première, corrigé à côté"),
    "legend_broken": Said(en="right in the first, broken beside it", fr="juste dans la première, abîmé à côté"),
    "legend_wrong": Said(en="wrong in both", fr="faux dans les deux"),
    "legend_other": Said(en="heard differently", fr="entendu autrement"),
    "legend_lines": Said(
        en="underlined: right here; struck through: wrong here", fr="souligné : juste ici ; barré : faux ici"
    ),
    "one_word": Said(en="1 word", fr="1 mot"),
    "many_words": Said(en="{count} words", fr="{count} mots"),
    "verdict_fixes": Said(en="{name} fixes {fixed} and breaks none", fr="{name} corrige {fixed} sans en abîmer"),
    "verdict_breaks": Said(en="{name} breaks {broken} and fixes none", fr="{name} abîme {broken} sans en corriger"),
    "verdict_both": Said(
        en="{name} fixes {fixed} and breaks {broken}", fr="{name} corrige {fixed} et en abîme {broken}"
    ),
    "verdict_equal": Said(en="{name} is wrong where {first} is", fr="{name} se trompe là où {first} se trompe"),
    "verdict_wer": Said(en="{said}: WER {before} → {after}.", fr="{said} : WER {before} → {after}."),
    "verdict_same_wer": Said(
        en="All heard the same words: WER {wer}.", fr="Toutes les colonnes ont entendu les mêmes mots : WER {wer}."
    ),
    "verdict_same": Said(en="All heard the same words.", fr="Toutes les colonnes ont entendu les mêmes mots."),
    "verdict_differ": Said(
        en="The columns differ: {words} of {total}.", fr="Les colonnes diffèrent : {words} sur {total}."
    ),
    "verdict_faster": Said(en="{name} was {times} times as fast.", fr="{name} a été {times} fois plus rapide."),
    # Its blind test
    "blind": Said(en="Blind", fr="À l'aveugle"),
    "blind_question": Said(
        en="Which one heard best? Their names come after your choice.",
        fr="Laquelle a le mieux entendu ? Leurs noms viendront après votre choix.",
    ),
    "tie": Said(en="A tie", fr="À égalité"),
    "tally": Said(
        en="Your choices, of the times each was shown:", fr="Vos choix, sur le nombre de fois où chacun a été montré :"
    ),
    "tally_csv": Said(en="↓ CSV of your choices", fr="↓ CSV de vos choix"),
    # Its corpus
    "many": Said(en="Columns A and B over a whole corpus", fr="Les colonnes A et B sur tout un corpus"),
    "all_hint": Said(en="empty: all", fr="vide : tous"),
    "compare_many": Said(en="Compare over the corpus", fr="Comparer sur le corpus"),
    "many_better": Said(
        en="{name} is better than {first}, and not by chance (p = {p}): WER {before} → {after}.",
        fr="{name} fait mieux que {first}, et ce n'est pas le hasard (p = {p}) : WER {before} → {after}.",
    ),
    "many_worse": Said(
        en="{name} is worse than {first}, and not by chance (p = {p}): WER {before} → {after}.",
        fr="{name} fait moins bien que {first}, et ce n'est pas le hasard (p = {p}) : WER {before} → {after}.",
    ),
    "many_chance": Said(
        en="Between {first} and {name} the difference may be chance (p = {p}): WER {before} → {after}.",
        fr="Entre {first} et {name} la différence peut être due au hasard (p = {p}) : WER {before} → {after}.",
    ),
    "clips_changed": Said(
        en="{name}: {fixed} samples fixed whole, {broken} broken; {better} better, {worse} worse.",
        fr="{name} : {fixed} extraits corrigés en entier, {broken} abîmés ; {better} améliorés, {worse} empirés.",
    ),
    "most_fixed": Said(en="Most fixed", fr="Les plus corrigés"),
    "most_broken": Said(en="Most broken", fr="Les plus abîmés"),
    "no_clips": Said(en="none", fr="aucun"),
    # Its adapters
    "adapters": Said(en="Adapters, and the memory in use", fr="Adaptateurs, et mémoire occupée"),
    "no_adapters": Said(
        en="There is no adapter here yet: train one, or add one of the Hub.",
        fr="Il n'y a pas encore d'adaptateur ici : entraînez-en un, ou ajoutez-en un du Hub.",
    ),
    "adapter_name": Said(en="Adapter", fr="Adaptateur"),
    "adapter_base": Said(en="Base", fr="Base"),
    "adapter_corpus": Said(en="Data", fr="Données"),
    "adapter_date": Said(en="Date", fr="Date"),
    "adapter_wer": Said(en="WER before → after", fr="WER avant → après"),
    "adapter_margin": Said(en="Margin", fr="Marge"),
    "adapter_size": Said(en="Size", fr="Taille"),
    "adapter_missing": Said(en="not whole: {files}", fr="incomplet : {files}"),
    "adapter_add_hint": Said(
        en="of the list, or of the Hub: owner/name", fr="de la liste, ou du Hub : propriétaire/nom"
    ),
    "new_name": Said(en="New name, for you", fr="Nouveau nom, pour vous"),
    "add_adapter": Said(en="Add", fr="Ajouter"),
    "rename_adapter": Said(en="Rename", fr="Renommer"),
    "remove_adapter": Said(en="Take off my list", fr="Retirer de ma liste"),
    "refresh_adapter": Said(en="Refresh", fr="Rafraîchir"),
    "name_taken": Said(
        en="Another adapter is called {name}: choose another name.",
        fr="Un autre adaptateur s'appelle {name} : choisissez un autre nom.",
    ),
    "memory_used": Said(en="Weights in memory: {total} MB", fr="Poids en mémoire : {total} Mo"),
    # The training tab
    "train": Said(en="Train", fr="Entraîner"),
    "base_model": Said(en="Base model", fr="Modèle de base"),
    "base_hint": Said(en="or one of the Hub: owner/name", fr="ou un du Hub : propriétaire/nom"),
    "preset": Said(en="Preset", fr="Préréglage"),
    "preset_quick": Said(en="quick", fr="rapide"),
    "preset_thorough": Said(en="thorough", fr="approfondi"),
    "preset_seed": Said(en="the notebook's", fr="celui du carnet"),
    "minutes": Said(en="Minutes", fr="Minutes"),
    "minutes_hint": Said(
        en="at most; empty: no such end",
        fr="au plus ; vide : sans limite",
    ),
    "run_name": Said(en="Name of the training", fr="Nom de l'entraînement"),
    "run_name_hint": Said(en="letters, digits, dots, dashes", fr="lettres, chiffres, points, tirets"),
    "learns_from": Said(
        en="Clips: {splits}. It learns from train, validation judges it, test tells the gain. Licence: {licence}.",
        fr="Extraits : {splits}. Il apprend sur train, validation le juge, test dit le gain. Licence : {licence}.",
    ),
    "recipe": Said(en="The notebook's settings, and all others", fr="Les réglages du carnet, et tous les autres"),
    "set_rank": Said(en="Rank (r)", fr="Rang (r)"),
    "set_rank_hint": Said(
        en="How much the adapter can hold; more learns more, and forgets more. Notebook: 8.",
        fr="Ce que l'adaptateur peut retenir ; plus il est grand, plus il apprend, et oublie. Carnet : 8.",
    ),
    "set_alpha": Said(en="Alpha", fr="Alpha"),
    "set_alpha_hint": Said(
        en="How loud it speaks: what it adds is scaled by alpha / r. Notebook: 32.",
        fr="La force de sa voix : ce qu'il ajoute est multiplié par alpha / r. Carnet : 32.",
    ),
    "set_dropout": Said(en="Dropout", fr="Dropout"),
    "set_dropout_hint": Said(
        en="The share that is hidden from it at each step, against learning by heart. Notebook: 0.1.",
        fr="La part qu'on lui cache à chaque pas, contre le par-cœur. Carnet : 0,1.",
    ),
    "set_modules": Said(en="Modules", fr="Modules"),
    "set_modules_hint": Said(
        en="The layers that it changes. Notebook: q_proj and v_proj.",
        fr="Les couches qu'il modifie. Carnet : q_proj et v_proj.",
    ),
    "set_learning_rate": Said(en="Learning rate", fr="Taux d'apprentissage"),
    "set_learning_rate_hint": Said(
        en="The length of a step; too long and the loss jumps. Notebook: 0.001.",
        fr="La longueur d'un pas ; trop long, la perte saute. Carnet : 0,001.",
    ),
    "set_warmup_steps": Said(en="Warm-up", fr="Mise en route"),
    "set_warmup_steps_hint": Said(
        en="Steps until the full rate; below 1, a share of all steps. Notebook: 50.",
        fr="Pas jusqu'au taux entier ; sous 1, une part de tous les pas. Carnet : 50.",
    ),
    "set_batch_size": Said(en="Batch", fr="Lot"),
    "set_batch_size_hint": Said(
        en="Clips a step; where memory is short it is heard in pieces. Notebook: 8.",
        fr="Extraits par pas ; si la mémoire manque, il est entendu par morceaux. Carnet : 8.",
    ),
    "set_epochs": Said(en="Epochs", fr="Époques"),
    "set_epochs_hint": Said(
        en="Times that each clip is heard, at most; the minutes may end it sooner. Notebook: 3.",
        fr="Fois que chaque extrait est entendu, au plus ; les minutes peuvent y mettre fin. Carnet : 3.",
    ),
    "set_window": Said(en="Window", fr="Fenêtre"),
    "set_window_hint": Said(
        en="What a clip is heard in; short is ten times faster. Notebook: 30 s.",
        fr="Ce dans quoi un extrait est entendu ; courte, dix fois plus vite. Carnet : 30 s.",
    ),
    "window_short": Said(en="the clip and 1 s", fr="l'extrait et 1 s"),
    "window_full": Said(en="30 s", fr="30 s"),
    "set_others": Said(en="Other settings", fr="Autres réglages"),
    "set_others_hint": Said(en="key=value, one a line", fr="clé=valeur, un par ligne"),
    "start_training": Said(en="Start", fr="Démarrer"),
    "starting": Said(en="The training is being started…", fr="L'entraînement démarre…"),
    "started": Said(
        en="{name} has started. It goes on without this page.",
        fr="{name} a démarré. Il continue sans cette page.",
    ),
    # Before a training
    "on_a_cpu": Said(
        en="There is no GPU here: the processor trains, and shares itself with who transcribes. A few minutes are "
        "enough for a small corpus; Estimate says how much they are.",
        fr="Il n'y a pas de GPU ici : le processeur entraîne, et se partage avec qui transcrit. Quelques minutes "
        "suffisent à un petit corpus ; Estimer dit ce qu'elles valent.",
    ),
    "zero_gpu": Said(
        en="This Space has ZeroGPU, which lends its GPU for a minute at a time: no training can run in the background. "
        "Train on a machine of Hugging Face, below, or give the Space a GPU of its own.",
        fr="Ce Space est en ZeroGPU, qui prête son GPU une minute à la fois : aucun entraînement ne peut y tourner en "
        "arrière-plan. Entraînez sur une machine de Hugging Face, plus bas, ou donnez au Space un GPU à lui.",
    ),
    "runs_are_lost": Said(
        en="The disk of this Space is wiped when it restarts, trainings and all: mount a bucket and name a folder of "
        "it in ALLO_RUNS, or push each new best adapter to the Hub, below.",
        fr="Le disque de ce Space est effacé à son redémarrage, entraînements compris : montez un bucket et nommez un "
        "de ses dossiers dans ALLO_RUNS, ou poussez chaque nouveau meilleur adaptateur sur le Hub, plus bas.",
    ),
    "estimate": Said(en="Estimate", fr="Estimer"),
    "estimating": Said(
        en="The model is loaded and a few steps are timed: about a minute. Nothing of it is kept.",
        fr="Le modèle se charge et quelques pas sont chronométrés : une minute environ. Rien n'en est gardé.",
    ),
    "estimate_time": Said(en="of training", fr="d'entraînement"),
    "estimate_cost": Said(en="of this Space's machine", fr="de la machine de ce Space"),
    "estimate_steps": Said(en="steps", fr="pas"),
    "epochs_fact": Said(en="epochs", fr="époques"),
    "estimate_memory": Said(en="memory: needed / free", fr="mémoire : voulue / libre"),
    "estimate_trainable": Said(en="parameters to learn", fr="paramètres à apprendre"),
    "estimate_device": Said(
        en="{device}, {weights}: {seconds} s a step. Clips: {split}; {minutes} min to learn from.",
        fr="{device}, {weights} : {seconds} s par pas. Extraits : {split} ; {minutes} min pour apprendre.",
    ),
    "memory_short": Said(
        en="It needs more memory than is free: choose a smaller batch or a smaller model.",
        fr="Il veut plus de mémoire qu'il n'en reste : choisissez un lot ou un modèle plus petit.",
    ),
    "would_wait": Said(
        en="Trainings before it on this device: {count}. It would wait for them.",
        fr="Entraînements avant lui sur cet appareil : {count}. Il les attendrait.",
    ),
    "command_failed": Said(
        en="The command broke down; the machine may be out of memory. Try again, or with a smaller batch.",
        fr="La commande s'est interrompue ; la mémoire manque peut-être. Réessayez, ou avec un lot plus petit.",
    ),
    # Who may
    "password": Said(en="Password", fr="Mot de passe"),
    "password_hint": Said(
        en="the one that the start of the page printed, or ALLO_PASSWORD",
        fr="celui qu'a affiché le lancement de la page, ou ALLO_PASSWORD",
    ),
    "password_only": Said(
        en="That takes the password: type the one that the start of the page printed, or ALLO_PASSWORD.",
        fr="Il faut pour cela le mot de passe : tapez celui qu'a affiché le lancement de la page, ou ALLO_PASSWORD.",
    ),
    "here_only": Said(
        en="Only who sits at the machine that serves this page may do that; for others, set ALLO_PASSWORD there.",
        fr="Seul qui est devant la machine qui sert cette page le peut ; pour les autres, son propriétaire peut régler "
        "ALLO_PASSWORD.",
    ),
    "owner_only": Said(
        en="On this Space only {names} may do that: sign in with Hugging Face, or duplicate the Space.",
        fr="Sur ce Space, seul {names} le peut : connectez-vous avec Hugging Face, ou dupliquez le Space.",
    ),
    # A training
    "no_runs": Said(
        en="No training yet. As the form stands, Start teaches Whisper the telephone prompts in ten minutes or so: an "
        "adapter to compare with its base.",
        fr="Pas encore d'entraînement. Tel que rempli, « Démarrer » apprend à Whisper les messages téléphoniques en "
        "dix minutes environ : un adaptateur à comparer avec sa base.",
    ),
    "run_starting": Said(en="starting", fr="démarre"),
    "run_queued": Said(en="in line", fr="en attente"),
    "run_running": Said(en="training", fr="en cours"),
    "run_cancelling": Said(en="stopping", fr="s'arrête"),
    "run_cancelled": Said(en="stopped", fr="arrêté"),
    "run_failed": Said(en="failed", fr="échoué"),
    "run_completed": Said(en="done", fr="terminé"),
    "run_prepares": Said(
        en="Corpus and model are being loaded, and steps are timed…",
        fr="Le corpus et le modèle se chargent, et des pas sont chronométrés…",
    ),
    "run_steps": Said(en="Step {step} of {steps}", fr="Pas {step} sur {steps}"),
    "run_judges": Said(
        en="The steps are done: base and adapter hear the test split…",
        fr="Les pas sont faits : base et adaptateur écoutent la partition de test…",
    ),
    "run_stops": Said(en="It stops after its step…", fr="Il s'arrête après son pas…"),
    "run_waits": Said(
        en="In line for this device, trainings before it: {count}", fr="En attente, entraînements avant lui : {count}"
    ),
    "run_waits_for": Said(en="; the one at work has {eta} to go", fr=" ; celui en cours en a encore pour {eta}"),
    "run_silent": Said(
        en="No sign of life for {seconds} s, though the process is there: it may be short of memory or of disk.",
        fr="Pas de signe de vie depuis {seconds} s, bien que le processus soit là : mémoire ou disque à bout ?",
    ),
    "run_never_began": Said(
        en="It ended before it began: its log, below, says why. Delete it, and start again.",
        fr="Il s'est arrêté avant de commencer : son journal, dessous, dit pourquoi. Supprimez-le, et recommencez.",
    ),
    "run_told_cancelled": Said(
        en="Stopped after step {step} of {steps}; its best adapter so far is kept, and Resume goes on.",
        fr="Arrêté après le pas {step} sur {steps} ; son meilleur adaptateur est gardé, et « Reprendre » continue.",
    ),
    "run_told_completed": Said(en="Done: {steps} steps.", fr="Terminé : {steps} pas."),
    "trained_fact": Said(en="of training so far", fr="d'entraînement jusqu'ici"),
    "pace_fact": Said(en="clips a second", fr="extraits par seconde"),
    "loss_fact": Said(en="loss", fr="perte"),
    "best_wer_fact": Said(en="best WER", fr="meilleur WER"),
    "run_memory": Said(en="of memory taken", fr="de mémoire prise"),
    "peak_fact": Said(en="of memory at most", fr="de mémoire au plus"),
    "curve_loss": Said(en="Loss: {now}", fr="Perte : {now}"),
    "curve_wer": Said(
        en="WER on validation: {now}, at best {best} (step {step})",
        fr="WER sur validation : {now}, au mieux {best} (pas {step})",
    ),
    "resume": Said(en="Resume", fr="Reprendre"),
    "delete": Said(en="Delete", fr="Supprimer"),
    "really_delete": Said(en="Delete it, adapter and all", fr="Supprimer, adaptateur compris"),
    "keep": Said(en="Keep it", fr="Garder"),
    # What it gained
    "gain_better": Said(
        en="The adapter is better, and not by chance (p = {p}): WER {before} → {after}.",
        fr="L'adaptateur fait mieux, et ce n'est pas le hasard (p = {p}) : WER {before} → {after}.",
    ),
    "gain_worse": Said(
        en="The adapter is worse, and not by chance (p = {p}): WER {before} → {after}.",
        fr="L'adaptateur fait moins bien, et ce n'est pas le hasard (p = {p}) : WER {before} → {after}.",
    ),
    "gain_chance": Said(
        en="The difference may be chance (p = {p}): WER {before} → {after}.",
        fr="La différence peut être due au hasard (p = {p}) : WER {before} → {after}.",
    ),
    "gain_clips": Said(
        en="Clips fixed whole: {fixed}; broken: {broken}; better: {better}; worse: {worse}.",
        fr="Extraits corrigés en entier : {fixed} ; abîmés : {broken} ; améliorés : {better} ; empirés : {worse}.",
    ),
    "own_window": Said(en="its own window", fr="sa propre fenêtre"),
    "full_window": Said(en="30-s window", fr="fenêtre de 30 s"),
    "the_base": Said(en="Base", fr="Base"),
    "the_adapter": Said(en="Adapter", fr="Adaptateur"),
    "forgetting": Said(en="What it forgot: WER elsewhere", fr="Ce qu'il a oublié : le WER ailleurs"),
    "forgetting_unknown": Said(en="What it forgot was not measured.", fr="Ce qu'il a oublié n'a pas été mesuré."),
    "before": Said(en="before", fr="avant"),
    "after": Said(en="after", fr="après"),
    "lost": Said(en="lost", fr="perdu"),
    "clips_fixed": Said(en="Fixed", fr="Corrigés"),
    "clips_broken": Said(en="Broken", fr="Abîmés"),
    "hear_clip": Said(en="Hear {name}", fr="Écouter {name}"),
    "go_compare": Said(en="Compare it by ear and by microphone", fr="Le comparer à l'oreille et au micro"),
    "take_away": Said(en="Take the adapter away", fr="Emporter l'adaptateur"),
    "take_format": Said(en="As", fr="Sous forme de"),
    "take_adapter": Said(en="adapter (PEFT)", fr="adaptateur (PEFT)"),
    "take_merged": Said(en="whole model (transformers)", fr="modèle entier (transformers)"),
    "take_ctranslate2": Said(en="whole model (faster-whisper)", fr="modèle entier (faster-whisper)"),
    "prepare": Said(en="Prepare the file", fr="Préparer le fichier"),
    "preparing": Said(en="The file is being prepared…", fr="Le fichier se prépare…"),
    "no_adapter_yet": Said(
        en="There is no adapter yet: wait for the first evaluation, or for the end.",
        fr="Il n'y a pas encore d'adaptateur : attendez la première évaluation, ou la fin.",
    ),
    "publish": Said(en="Publish on the Hub", fr="Publier sur le Hub"),
    "repository": Said(en="Repository", fr="Dépôt"),
    "repository_hint": Said(en="made where there is none", fr="créé s'il n'existe pas"),
    "token": Said(en="Token that may write", fr="Jeton qui peut écrire"),
    "token_hint": Said(en="used once, kept nowhere", fr="sert une fois, n'est gardé nulle part"),
    "private": Said(en="Private", fr="Privé"),
    "publishing": Said(en="The adapter is being published…", fr="L'adaptateur se publie…"),
    "published": Said(en="Published: {name}.", fr="Publié : {name}."),
    "token_and_repository": Said(
        en="Name a repository, and give a token that may write, from your settings on the Hub.",
        fr="Nommez un dépôt, et donnez un jeton qui peut écrire, de vos réglages sur le Hub.",
    ),
    "hub_is_off": Said(
        en="ALLO_OFFLINE is set, so nothing goes to the Hub: take the file away instead, or start the page without it.",
        fr="ALLO_OFFLINE est réglé, rien ne part donc vers le Hub : emportez plutôt le fichier, ou relancez la page "
        "sans lui.",
    ),
    "card": Said(en="The adapter's card", fr="La fiche de l'adaptateur"),
    "go_listen": Said(en="Use it for the microphone and calls", fr="L'utiliser pour le micro et les appels"),
    "ear": Said(en="Listens with", fr="Écoute avec"),
    "ear_page": Said(en="the base model", fr="le modèle de base"),
    "push_best": Said(
        en="Push each new best adapter to the Hub", fr="Pousser chaque nouveau meilleur adaptateur sur le Hub"
    ),
    "push_to_hint": Said(en="made, for you alone, where there is none", fr="créé, pour vous seul, s'il n'existe pas"),
    "push_token_hint": Said(
        en="goes to the training alone, written nowhere", fr="ne va qu'à l'entraînement, n'est écrit nulle part"
    ),
    # Its learning curve
    "more_data": Said(en="Would more data help?", fr="Plus de données aideraient-elles ?"),
    "more_data_hint": Said(
        en="The same recipe on 25, 50 and 100 % of the data: three trainings, one after the other, and their curve.",
        fr="La même recette sur 25, 50 et 100 % des données : trois entraînements, l'un après l'autre, et leur courbe.",
    ),
    "start_curve": Said(en="Start the three trainings", fr="Démarrer les trois entraînements"),
    "curve_data": Said(en="WER on test, by the data learned from", fr="WER sur test, selon les données apprises"),
    "of_the_data": Said(en="{share} %: {clips} clips", fr="{share} % : {clips} extraits"),
    "data_waits": Said(
        en="Trainings done: {count} of 3. The last ones tell whether more data would help.",
        fr="Entraînements finis : {count} sur 3. Les derniers diront si plus de données aideraient.",
    ),
    "data_yes": Said(
        en="More data would help: from half of it to all, WER {before} → {after}, and not by chance (p = {p}).",
        fr="Plus de données aideraient : de la moitié au tout, WER {before} → {after}, et ce n'est pas le hasard "
        "(p = {p}).",
    ),
    "data_maybe": Said(
        en="More data may help: from half of it to all, WER {before} → {after}, but that may be chance (p = {p}).",
        fr="Plus de données aideraient peut-être : de la moitié au tout, WER {before} → {after}, mais ce peut être le "
        "hasard (p = {p}).",
    ),
    "data_no": Said(
        en="More of the same would hardly help: from half of the data to all, WER {before} → {after}. Give it other "
        "calls, more time, or a larger base.",
        fr="Plus de la même chose n'aiderait guère : de la moitié des données au tout, WER {before} → {after}. "
        "Donnez-lui d'autres appels, plus de temps, ou une base plus grande.",
    ),
    # Elsewhere: a Hugging Face Job
    "rent": Said(en="Train on a machine of Hugging Face", fr="Entraîner sur une machine de Hugging Face"),
    "rent_hint": Said(
        en="The form above as a Hugging Face Job, paid by the minute; the adapter comes to a repository of yours.",
        fr="Le formulaire ci-dessus en Job Hugging Face, payé par vous à la minute ; l'adaptateur arrive dans un dépôt "
        "à vous.",
    ),
    "rent_machine": Said(en="Machine", fr="Machine"),
    "rent_machine_hint": Said(en="by the Hub's name", fr="par son nom sur le Hub"),
    "rent_limit": Said(en="Time limit", fr="Limite de temps"),
    "rent_limit_hint": Said(en="30m, 2h, 1d", fr="30m, 2h, 1d"),
    "rent_source": Said(en="Space that Allô is in", fr="Space où se trouve Allô"),
    "rent_source_hint": Said(en="the Job takes it from there", fr="le Job le prend là"),
    "rent_token_hint": Said(
        en="kept nowhere; none is needed once you are signed in",
        fr="n'est gardé nulle part ; inutile si vous êtes connecté",
    ),
    "rent_no_token": Said(
        en="Sign in with Hugging Face, or give a token that may run Jobs and write.",
        fr="Connectez-vous avec Hugging Face, ou donnez un jeton qui peut lancer des Jobs et écrire.",
    ),
    "rent_price": Said(en="Show the cost", fr="Voir le prix"),
    "rent_start": Said(en="Start the Job", fr="Lancer le Job"),
    "rent_find": Said(en="Find my Job", fr="Retrouver mon Job"),
    "rent_none": Said(en="You have no Job of Allô.", fr="Vous n'avez pas de Job d'Allô."),
    "rent_cost": Said(en="at most", fr="au plus"),
    "rent_told": Said(
        en="{flavor}, {price} USD a {unit}; the adapter goes to {result}. Nothing has started yet.",
        fr="{flavor}, {price} USD par {unit} ; l'adaptateur ira dans {result}. Rien n'est encore lancé.",
    ),
    "rent_no_price": Said(
        en="The Hub does not tell what {flavor} costs, so nothing is started: try again later.",
        fr="Le Hub ne dit pas ce que coûte {flavor}, rien n'est donc lancé : réessayez plus tard.",
    ),
    "per_second": Said(en="second", fr="seconde"),
    "per_minute": Said(en="minute", fr="minute"),
    "per_hour": Said(en="hour", fr="heure"),
    "job_scheduling": Said(en="The Job waits for its machine…", fr="Le Job attend sa machine…"),
    "job_on_its_way": Said(en="The Job is at work.", fr="Le Job travaille."),
    "job_completed": Said(
        en="The Job is done: its adapter is in {result}.", fr="Le Job est fini : son adaptateur est dans {result}."
    ),
    "job_canceled": Said(en="The Job was cancelled.", fr="Le Job a été annulé."),
    "job_error": Said(
        en="The Job failed: its log, below, says why.", fr="Le Job a échoué : son journal, dessous, dit pourquoi."
    ),
    "job_deleted": Said(en="The Job is no more.", fr="Le Job n'existe plus."),
    "job_seconds": Said(en="at work", fr="au travail"),
    "job_link": Said(en="its page on the Hub", fr="sa page sur le Hub"),
    "rent_cancel": Said(en="Cancel the Job", fr="Annuler le Job"),
    "rent_fetch": Said(en="Fetch the adapter", fr="Rapporter l'adaptateur"),
    "rent_fetching": Said(en="The adapter is being fetched…", fr="L'adaptateur est rapporté…"),
    "rent_fetched": Said(
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
