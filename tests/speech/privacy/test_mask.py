"""What was found is masked in the text, in its words, in every export and in the sound."""

import re
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest

from corpus.prompts import prompt
from speech.audio.decode import SAMPLE_RATE, Recording, read
from speech.decoding.decode import Options
from speech.privacy.find import find
from speech.privacy.mask import mask
from speech.privacy.sound import hide, moments
from speech.transcribe import transcribe
from transcripts.formats import FORMATS, write
from transcripts.transcript import Alternative, AudioFacts, Flagged, Transcript, Turn, Word


def call(turns: list[Turn], **facts) -> Transcript:
    return Transcript(AudioFacts("appel.wav", 60.0, 8000, 2, "pcm_mulaw"), "fr", "m", None, "e", turns, **facts)


def with_words(text: str, start: float = 0.0) -> Turn:
    """A turn whose words last half a second each, less sure as they go on."""
    words = [
        Word(start + n / 2, start + n / 2 + 0.4, word, round(0.9 - n / 100, 2)) for n, word in enumerate(text.split())
    ]
    return Turn(start, words[-1].end, text, 0.8, words=tuple(words))


def test_words_inside_become_one():
    turn = with_words("C'est le zéro six, douze, 34, cinquante-six 78. Voilà.", start=10.0)
    words = mask(call([turn])).turns[0].words
    assert [word.text for word in words] == ["C'est", "le", "[téléphone].", "Voilà."]
    assert (words[2].start, words[2].end, words[2].confidence) == (11.0, 13.9, 0.83)
    assert mask(call([turn])).turns[0].text == "C'est le [téléphone]. Voilà."
    nearly = replace(turn, words=tuple(replace(w, alternatives=(Alternative("78.", 0.2),)) for w in turn.words))
    assert mask(call([nearly])).turns[0].words == words


def test_a_corrected_text_hides_its_words_too():
    """The words are still what was transcribed: without a number, or with one that was taken out of the text."""
    decoded = with_words("Mon numéro est le zéro si douce trente, au revoir.")
    turn = replace(decoded, text="Mon numéro est le 06 12 34 56 78, au revoir.")
    masked = mask(call([turn])).turns[0]
    assert masked.text == "Mon numéro est le [téléphone], au revoir."
    assert [word.text for word in masked.words] == ["Mon", "numéro", "est", "le", "[téléphone],", "au", "revoir."]
    assert moments(call([turn])) == [(0, pytest.approx(1.8), pytest.approx(4.1))]
    taken_out = replace(with_words("C'est le 0612345678, voilà."), text="C'est ça, voilà.")
    assert [word.text for word in mask(call([taken_out])).turns[0].words] == ["C'est", "le", "[téléphone],", "voilà."]


def test_moments_are_those_of_the_words_or_a_share_of_the_turn():
    timed = with_words("Appelez le 06 12 34 56 78 demain.", start=10.0)
    assert moments(call([timed])) == [(0, pytest.approx(10.8), pytest.approx(13.6))]
    untimed = Turn(20.0, 30.0, "Appelez le 06 12 34 56 78 demain.", 0.9, channel=1)
    ((channel, start, end),) = moments(call([untimed]))
    assert channel == 1 and 20.0 < start < 22.0 and 28.0 < end < 30.0  # digits take longer to say than to write
    last = replace(with_words("Appelez le 06 12 34 56 78.", start=10.0), end=15.0)  # its last word ends at 13.4
    assert moments(call([last])) == [(0, pytest.approx(10.8), pytest.approx(15.2))]
    assert moments(call([with_words("Il a douze ans et trente euros.")])) == []


def test_hidden_sound_is_silence_or_a_tone_on_all_channels_also_in_blocks():
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 3 * SAMPLE_RATE)).astype(np.float32)
    silent = hide(sound, [(1, 1.0, 1.5), (0, 2.9, 9.0)])
    inside = np.r_[SAMPLE_RATE : SAMPLE_RATE * 3 // 2, round(2.9 * SAMPLE_RATE) : 3 * SAMPLE_RATE]
    outside = np.setdiff1d(np.arange(sound.shape[1]), inside)
    assert not silent[:, inside].any() and (silent[:, outside] == sound[:, outside]).all()
    whole = hide(sound, [(0, 0.4, 2.2)], tone=True)
    spectrum = np.abs(np.fft.rfft(whole[1, SAMPLE_RATE : 2 * SAMPLE_RATE]))
    assert spectrum.argmax() == 1000 and spectrum[1000] > 0.99 * np.linalg.norm(spectrum)
    blocks = [hide(sound[:, a : a + 10_000], [(0, 0.4, 2.2)], True, a / SAMPLE_RATE) for a in range(0, 48_000, 10_000)]
    assert np.allclose(np.concatenate(blocks, axis=1), whole, atol=1e-6)
    at_8_khz = hide(sound[:, ::2], [(0, 0.4, 2.2)], rate=SAMPLE_RATE // 2)
    assert not at_8_khz[:, 3200:17600].any() and (at_8_khz[:, :3200] == sound[:, :6400:2]).all()


@pytest.mark.parametrize("format", FORMATS)
def test_no_export_holds_what_is_hidden(format):
    turns = [with_words("C'est jean.dupont@orange.fr ou le 06 12 34 56 78."), with_words("Oui, Dupont.", 20.0)]
    flagged = [Flagged(30.0, 31.0, "06 12 34 56 78 06 12 34 56 78", "loop")]
    transcript = call(turns, flagged=flagged)
    transcript.audio = replace(transcript.audio, path="/appels/0612345678 dupont.wav")
    text = written(mask(transcript, ["Jean Dupont", "Dupont"]), format)
    assert (0, 30.0, 31.0) in moments(transcript)
    assert "téléphone" in text and "nom" in text
    assert not re.search(r"dupont|orange|78", text, re.IGNORECASE)
    assert "dupont" in written(transcript, format).lower()


def written(transcript: Transcript, format: str) -> str:
    """What the format's file holds, out of its archive if it is one (docx)."""
    content = write(transcript, format)
    if not content.startswith(b"PK"):
        return content.decode()
    with ZipFile(BytesIO(content)) as archive:
        return archive.read("word/document.xml").decode()


def test_a_number_that_was_really_said_is_gone_from_text_and_sound(int8):
    said = ["0", "6", "1", "2", "9", "4", "5", "8", "7", "3"]
    pause = np.zeros((1, SAMPLE_RATE // 20), np.float32)
    before, after = (read(prompt(name)).waveform for name in ("vm-goodbye", "vm-goodbye"))
    number = [piece for digit in said for piece in (read(prompt(f"digits/{digit}")).waveform, pause)]
    waveform = np.concatenate([before, *number, after], axis=1)
    recording = Recording(AudioFacts("appel.wav", waveform.shape[1] / SAMPLE_RATE, 8000, 1, "pcm_s16le"), waveform)

    def decoded(recording):
        *_, last = transcribe(recording, int8, Options(words=True))
        return last.transcript

    transcript = decoded(recording)
    masked = mask(transcript)
    assert "[téléphone]" in masked.text and not re.search(r"\d", masked.text), transcript.text
    again = decoded(replace(recording, waveform=hide(waveform, moments(transcript))))
    assert not find(again.turns) and not re.search(r"\d", again.text), again.text
