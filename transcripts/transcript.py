"""What was said: words in turns in a transcript. Times are seconds from the start of the recording."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace


@dataclass(frozen=True)
class Alternative:
    """What a model nearly wrote in the place of a word."""

    text: str  # empty: nothing in its place
    share: float  # of the probability of all the texts that were compared, 0 to 1


@dataclass(frozen=True)
class Word:
    start: float
    end: float
    text: str
    confidence: float  # probability of its least sure token, 0 to 1
    alternatives: tuple[Alternative, ...] = ()  # the likeliest first; none where the model had no other text


@dataclass(frozen=True)
class Turn:
    """One speaker's stretch of a call."""

    start: float
    end: float
    text: str
    # geometric mean of the tokens' probabilities (of the words', where windows were decoded together), 0 to 1;
    confidence: float = 1.0  # 1 where people wrote the text
    channel: int = 0
    speaker: str | None = None
    words: tuple[Word, ...] = ()

    def shifted(self, seconds: float) -> "Turn":
        words = tuple(replace(w, start=w.start + seconds, end=w.end + seconds) for w in self.words)
        return replace(self, start=self.start + seconds, end=self.end + seconds, words=words)


@dataclass(frozen=True)
class Flagged:
    """Text that the model gave and that nobody said: a loop or a phantom line. Kept apart from the turns."""

    start: float
    end: float
    text: str
    reason: str  # "loop" or "phantom"
    channel: int = 0


@dataclass(frozen=True)
class Sound:
    """What sounded on a channel and nobody said."""

    start: float
    end: float
    kind: str  # "keys", "ringing", "busy", "music", or "prompt": what a machine says
    text: str = ""  # of keys: which were pressed
    channel: int = 0


@dataclass(frozen=True)
class AudioFacts:
    """What the file said of itself."""

    path: str
    seconds: float
    sample_rate: int
    channels: int
    codec: str


@dataclass(frozen=True)
class Channel:
    """One telephone's side. Levels are mean powers in dBFS (a sine of full scale has -3), never under -100."""

    level: float  # of the voice while it is active
    noise: float  # that the quietest twentieth of the frames does not pass, digital silence left out
    peak: float
    clipped: float  # share of samples at full scale, 0 to 1
    low: float  # Hz: where the voice's band begins
    high: float  # Hz: and where it ends
    dead: bool  # silence, or a steady noise, and nothing else


@dataclass(frozen=True)
class Line:
    """What the telephone line sounds like, measured on the whole recording."""

    codec: str  # FFmpeg's name
    sample_rate: int  # the file's own
    seconds: float
    channels: tuple[Channel, ...]
    identical: bool  # all channels carry one signal
    correlation: float  # of the first channel with the one least like it, -1 to 1; 0 for one channel


@dataclass
class Transcript:
    audio: AudioFacts
    language: str
    model: str
    adapter: str | None
    engine: str
    turns: list[Turn] = field(default_factory=list)
    flagged: list[Flagged] = field(default_factory=list)
    seconds_taken: float = 0.0
    line: Line | None = None
    speakers_sure: float | None = None  # how sure it is who spoke on one channel, 0 to 1; None where nobody asked
    sounds: list[Sound] = field(default_factory=list)

    @classmethod
    def of_turns(cls, turns: Iterable[Turn], path: str = "", language: str = "") -> "Transcript":
        """A transcript that no model wrote, of a recording that is not at hand."""
        turns = list(turns)
        seconds = max((turn.end for turn in turns), default=0.0)
        channels = max((turn.channel for turn in turns), default=0) + 1
        return cls(AudioFacts(path, seconds, 0, channels, ""), language, "", None, "", turns)

    @property
    def timed(self) -> bool:
        """Whether its turns have times; a plain text has none, and all its turns are at 0."""
        return any(turn.end for turn in self.turns)

    @property
    def text(self) -> str:
        return "\n".join(turn.text for turn in self.turns)

    @property
    def real_time_factor(self) -> float:
        """Seconds of work per second of audio: below 1 is faster than real time."""
        return self.seconds_taken / self.audio.seconds if self.audio.seconds else 0.0

    def to_dict(self) -> dict:
        """The JSON object of the design, with `flagged` beside the turns; times and shares to the millisecond.

        A word has the key `alternatives` where there are some.
        """
        found = _rounded(asdict(self) | {"real_time_factor": self.real_time_factor})
        for word in (word for turn in found["turns"] for word in turn["words"] if not word["alternatives"]):
            del word["alternatives"]
        return found


def _rounded(value):
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value
