"""What sounds on a call and is no speech: keypad tones, ringing, busy, hold music. It is named, and silenced.

Without it, voice activity detection takes some of it for a voice, and Whisper writes words that nobody said.
"""

from collections.abc import Sequence

import numpy as np

from speech.audio import music, tones
from speech.audio.decode import SAMPLE_RATE
from speech.audio.tones import Tone
from transcripts.transcript import Sound

BLOCK = music.UNIT * music.FRAME  # samples: the sound passes in whole ones of them
AROUND = music.WINDOW * music.FRAME  # samples on both sides that a decision rests on
LEAST, JOINED = 3.0, 8.0  # seconds of music at least, and of a quiet passage in it
FADE = 0.02  # seconds around a tone that are silenced as well: it rings on


class CallSounds:
    """The sounds of one waveform, block by block; what it gives is the waveform without them."""

    def __init__(self):
        self._held = np.empty(0, np.float32)  # AROUND samples that were given already, then those that were not
        self._from = self._given = 0  # samples of the recording before what is held, and that were given
        self._presses: list[Tone] = []
        self._bursts: list[tuple[float, float]] = []
        self._music: list[tuple[float, float]] = []

    def add(self, block: np.ndarray) -> np.ndarray:
        """Float32 (samples,) at 16 kHz; gives what is decided by now, four seconds late."""
        self._held = np.concatenate([self._held, block])
        return self._pass(max(0, (len(self._held) - AROUND) // BLOCK * BLOCK + self._from - self._given))

    def end(self) -> np.ndarray:
        """Gives the rest."""
        return self._pass(self._from + len(self._held) - self._given)

    def found(self, channel: int = 0) -> list[Sound]:
        """The sounds that were named so far, in order."""
        melodies = [span for span in tones.joined(self._music, JOINED) if span[1] - span[0] >= LEAST]
        named = [*tones.numbers(self._presses), *tones.rhythms(tones.joined(self._bursts, tones.GAP))]
        named = [tone for tone in named if not any(_inside(tone, span) for span in melodies)]
        named += [Tone(*span, "music") for span in melodies]
        return [
            Sound(round(tone.start, 3), round(tone.end, 3), tone.kind, tone.text, channel) for tone in sorted(named)
        ]

    def _pass(self, samples: int) -> np.ndarray:
        """The next `samples` without their sounds; those before and after them that are held help to decide."""
        if samples <= 0:
            return np.empty(0, np.float32)
        first = self._given - self._from
        silent = self._decided(first, first + samples)
        given = np.where(silent, np.float32(0), self._held[first : first + samples])
        self._given += samples
        drop = max(0, (self._given - AROUND) // BLOCK * BLOCK - self._from)
        self._held, self._from = self._held[drop:].copy(), self._from + drop
        return given

    def _decided(self, first: int, last: int) -> np.ndarray:
        """Which of the held samples from `first` to `last` are silenced; takes note of what they are."""
        start = self._from / SAMPLE_RATE
        begin, end = self._given / SAMPLE_RATE, (self._from + last) / SAMPLE_RATE
        keys, exchange = tones.listened(self._held)
        presses, bursts = tones.pressed(keys, start), tones.bursts(exchange, start)
        rhythms = tones.rhythms(bursts)  # a voice may hold one tone as long as a burst
        sounding = [burst for burst in bursts if any(_inside(burst, rhythm) for rhythm in rhythms)]
        melody = self._music_in([*presses, *bursts], start)
        self._presses += [press for press in presses if begin <= press.start < end]
        cut = [(max(one, begin), min(other, end)) for one, other in bursts]
        self._bursts += [(one, other) for one, other in cut if one < other]
        self._music += self._spans(melody[first:last], begin)
        return (melody | self._marked([*presses, *sounding], start))[first:last]

    def _music_in(self, toned: Sequence[Sequence], start: float) -> np.ndarray:
        """Which of the held samples are music; `toned` are the stretches that are something else."""
        frames = self._marked(toned, start)[:: music.FRAME][: len(self._held) // music.FRAME]
        around = np.convolve(frames, (1, 1, 1), "same") > 0 if len(frames) else frames  # a tone rings on
        played = np.repeat(music.music(self._held, around), music.FRAME)
        return np.pad(played, (0, len(self._held) - len(played)))

    def _marked(self, spans: Sequence[Sequence], start: float) -> np.ndarray:
        """The held samples that lie in these stretches; the first one is of the second `start`."""
        marks = np.zeros(len(self._held), bool)
        for span in spans:
            at, until = span[0] - start - FADE, span[1] - start + FADE
            marks[max(0, round(at * SAMPLE_RATE)) : max(0, round(until * SAMPLE_RATE))] = True
        return marks

    @staticmethod
    def _spans(played: np.ndarray, begin: float) -> list[tuple[float, float]]:
        edges = np.flatnonzero(np.diff(played, prepend=False, append=False)) / SAMPLE_RATE + begin
        return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _inside(part: Sequence, whole: Sequence) -> bool:
    """Of things that begin with their start and end."""
    return whole[0] <= part[0] and part[1] <= whole[1]
