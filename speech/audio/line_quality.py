"""The quality of a telephone line: level, noise, band, clipping, dead channels; and sentences that describe it."""

import numpy as np

from common.messages import Message
from transcripts.transcript import AudioFacts, Channel, Line

RATE = 16_000  # speech.audio's
FRAME = 512  # samples, 32 ms
HERTZ = RATE / FRAME  # between two values of a spectrum
QUIETEST = -100  # dBFS: what is below counts as it
SILENT = -65.0  # dBFS: no telephone is that quiet
LOUD_FRAMES = 8  # a quarter of a second of voice in two hours is a voice
STEADY = 8.0  # dB from the noise to the loudest: nothing but a hiss or a hum; a voice has 20 and more
ALIKE = 0.9  # correlation of the same signal twice, even each with its own noise, or of a room's two microphones
FULL = 0.975  # mu-law's loudest sample is 0.980
MARGIN = 15.9  # dB from the threshold of activity to the active level (ITU-T P.56)
SOFT = 10  # dB under the threshold of activity that soft consonants reach
NEAR = 2  # values on both sides that a spectrum is smoothed over
LOUDER = 2.0  # times the noise's power from which it is a voice
LOW_DEPTH, HIGH_DEPTH = 15.0, 35.0  # dB under the strongest octave where a voice's band ends: wide voices dip by 26
TELEPHONE, MIRROR = 4_000, 5_000  # Hz: the most that 8000 samples a second hold, and where resampling mirrors it to

CLIPPED = 0.0005  # share of samples from which it is audible
QUIET = -38.0  # dBFS: a telephone's nominal level is -26
NOISY = 17.0  # dB from voice to noise; a clean clip without a pause may have 25

CODECS = {  # FFmpeg's names
    "pcm_alaw": Message("A-law (G.711, fixed telephone)", "loi A (G.711, téléphonie fixe)"),
    "pcm_mulaw": Message("mu-law (G.711, fixed telephone)", "loi µ (G.711, téléphonie fixe)"),
    "gsm": Message("GSM (the first mobile telephones)", "GSM (les premiers téléphones mobiles)"),
    "gsm_ms": Message("GSM (the first mobile telephones)", "GSM (les premiers téléphones mobiles)"),
    "amr_nb": Message("AMR (mobile telephone)", "AMR (téléphone mobile)"),
    "amr_wb": Message("AMR-WB (mobile telephone, HD voice)", "AMR-WB (téléphone mobile, voix HD)"),
    "adpcm_g722": Message("G.722 (HD telephone)", "G.722 (téléphone HD)"),
    "adpcm_g726": Message("G.726 (telephone exchange)", "G.726 (central téléphonique)"),
    "g723_1": Message("G.723.1 (Internet telephone)", "G.723.1 (téléphone par Internet)"),
    "g729": Message("G.729 (Internet telephone)", "G.729 (téléphone par Internet)"),
    "opus": Message("Opus (Internet calls)", "Opus (appels par Internet)"),
    "speex": Message("Speex (Internet calls)", "Speex (appels par Internet)"),
    "mp3": Message("MP3", "MP3"),
    "aac": Message("AAC", "AAC"),
    "vorbis": Message("Vorbis", "Vorbis"),
    "flac": Message("FLAC (nothing lost)", "FLAC (sans perte)"),
}
UNCOMPRESSED = Message("uncompressed (PCM)", "sans compression (PCM)")


class LineMeter:
    """Measures a recording block by block, in memory that does not grow with its length."""

    def __init__(self):
        self._rest = None  # samples that fill no frame yet
        self._samples = 0

    def add(self, block: np.ndarray) -> None:
        """Float32 (channels, samples) at 16 kHz, -1 to 1; the blocks of a recording in their order."""
        if self._rest is None:
            self._open(len(block))
        self._samples += block.shape[1]
        self._peak = np.maximum(self._peak, np.abs(block).max(axis=1, initial=0))
        self._clipped += (np.abs(block) >= FULL).sum(axis=1)
        self._products += block @ block.T
        whole = np.concatenate([self._rest, block], axis=1)
        frames = whole.shape[1] // FRAME
        self._rest = whole[:, frames * FRAME :].copy()
        self._count(whole[:, : frames * FRAME].reshape(len(block), frames, FRAME))

    def line(self, facts: AudioFacts) -> Line:
        """The quality so far of the recording whose file gives these facts."""
        if not self._counts.any():  # shorter than one frame
            self._count(np.pad(self._rest, ((0, 0), (0, FRAME - self._rest.shape[1])))[:, None])
        channels = tuple(self._channel(index) for index in range(len(self._peak)))
        correlation = self._correlation()
        return Line(
            facts.codec,
            facts.sample_rate,
            self._samples / RATE,
            channels,
            identical=len(channels) > 1 and correlation > ALIKE,
            correlation=correlation,
        )

    def _open(self, channels: int) -> None:
        levels = 1 - QUIETEST
        self._rest = np.empty((channels, 0), np.float32)
        self._peak = np.zeros(channels)
        self._clipped = np.zeros(channels, int)
        self._products = np.zeros((channels, channels))  # of each channel with each
        self._counts = np.zeros((channels, levels), int)  # frames of each whole level, from QUIETEST to 0 dBFS
        self._spectra = np.zeros((channels, levels, FRAME // 2 + 1))  # and the sum of their power spectra

    def _count(self, frames: np.ndarray) -> None:
        """Counts the frames (channels, frames, FRAME) and sums their spectra by level."""
        window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
        for channel, cut in enumerate(frames):
            spectra = np.fft.rfft(cut * window)
            powers = (spectra.real**2 + spectra.imag**2) * (2 / FRAME / np.square(window).sum())
            powers[:, :2] = 0  # a voltage beside zero is no sound
            level = np.clip(np.round(_decibels(powers.sum(axis=1))), QUIETEST, 0).astype(int) - QUIETEST
            members = level == np.arange(1 - QUIETEST)[:, None]
            self._counts[channel] += members.sum(axis=1)
            self._spectra[channel] += members.astype(powers.dtype) @ powers

    def _channel(self, index: int) -> Channel:
        counts, spectra = self._counts[index], self._spectra[index]
        noise, loudest = _quantile(counts, 0.05), _reached(counts, LOUD_FRAMES)
        steady = loudest - noise < STEADY and counts.sum() > RATE / FRAME  # a vowel of a second is, too
        level, active = _active(counts, spectra.sum(axis=1))
        low, high = _band(counts, spectra, active, noise)
        return Channel(
            level=level,
            noise=float(noise),
            peak=float(_decibels(self._peak[index] ** 2)),
            clipped=float(self._clipped[index] / max(1, self._samples)),
            low=low,
            high=high,
            dead=bool(loudest < SILENT or steady),
        )

    def _correlation(self) -> float:
        if len(self._products) < 2:
            return 0.0
        powers = self._products.diagonal()
        scale = np.sqrt(powers[0] * powers[1:])
        against = np.divide(self._products[0, 1:], scale, out=np.zeros_like(scale), where=scale > 0)
        return float(against[np.abs(against).argmin()])


def _decibels(power):
    return 10 * np.log10(np.maximum(power, 10 ** (QUIETEST / 10)))


def _quantile(counts: np.ndarray, share: float) -> int:
    """The level in dBFS that `share` of the frames do not pass; digital silence left out."""
    sounding = np.concatenate([[0], counts[1:]]) if counts[1:].any() else counts
    return int(np.searchsorted(np.cumsum(sounding), share * sounding.sum())) + QUIETEST


def _reached(counts: np.ndarray, frames: int) -> int:
    """The highest level in dBFS that this many frames reach, or a tenth of the frames of a short recording."""
    enough = max(1, min(frames, counts.sum() // 10))
    return int(np.flatnonzero(np.cumsum(counts[::-1])[::-1] >= enough)[-1]) + QUIETEST


def _active(counts: np.ndarray, energies: np.ndarray) -> tuple[float, int]:
    """The level of the voice and the threshold that its frames pass, in dBFS, after ITU-T P.56, method B."""
    frames = np.cumsum(counts[::-1])[::-1]  # at this level or louder
    levels = _decibels(energies.sum() / np.maximum(frames, 1))
    thresholds = np.arange(QUIETEST, 1)
    found = int(np.argmax((levels - thresholds <= MARGIN) | (frames == 0)))
    return float(levels[found]), int(thresholds[found])


def _band(counts: np.ndarray, spectra: np.ndarray, active: int, noise: int) -> tuple[float, float]:
    """Lowest and highest frequency of the voice in Hz.

    Every frame counts alike, whatever its level, or the vowels would hide the consonants, which alone reach the top of
    a wide band; and the noise's spectrum is taken off.
    """
    quiet = slice(0, noise - QUIETEST + 3)
    hiss = spectra[quiet].sum(axis=0) / max(1, counts[quiet].sum())
    voiced = slice(max(active - SOFT, noise + 6) - QUIETEST, None)
    weights = counts[voiced] / np.maximum(spectra[voiced].sum(axis=1), 10 ** (QUIETEST / 10))
    voice, hiss = (
        np.convolve(power, np.ones(2 * NEAR + 1), "same")
        for power in (weights @ spectra[voiced], hiss * (weights @ counts[voiced]))
    )
    octaves = np.where(voice > LOUDER * hiss, voice - hiss, 0) * np.arange(len(voice))
    if not octaves.any():
        return 0.0, 0.0
    depths = _decibels(octaves / octaves.max())
    low = (np.flatnonzero(depths > -LOW_DEPTH)[0] + NEAR) * HERTZ
    high = (np.flatnonzero(depths > -HIGH_DEPTH)[-1] - NEAR) * HERTZ
    return float(low), float(high if high > MIRROR else min(high, TELEPHONE))


def describe(line: Line) -> list[Message]:
    """Sentences on codec and band and on each fault of the line; a single one where there is no fault."""
    faults = _faults(line)
    about = _about(line)
    if faults:
        return [Message(f"{about.en}.", f"{about.fr}."), *faults]
    return [Message(f"A clean line: {_lower(about.en)}.", f"Ligne propre : {_lower(about.fr)}.")]


def _about(line: Line) -> Message:
    """Codec, rate, channels and band."""
    codec = UNCOMPRESSED if line.codec.startswith("pcm_") else Message(line.codec, line.codec)
    codec = CODECS.get(line.codec, codec)
    rate = f"{line.sample_rate / 1000:g}"
    alive = [channel for channel in line.channels if not channel.dead]
    if not alive:
        return Message(f"Sound {codec.en}, {rate} kHz", f"Son {codec.fr}, {rate.replace('.', ',')} kHz")
    low, high = min(channel.low for channel in alive), max(channel.high for channel in alive)
    low, high = round(low, -1), round(high, -2)
    narrow = high <= TELEPHONE
    en = f"Sound {codec.en}, {rate} kHz, voices from {low:.0f} to {high:.0f} Hz"
    fr = f"Son {codec.fr}, {rate.replace('.', ',')} kHz, voix de {low:.0f} à {high:.0f} Hz"
    if not narrow:
        return Message(f"{en}, wider than a telephone's", f"{fr}, plus large que le téléphone")
    if line.sample_rate > 2 * TELEPHONE:
        return Message(
            f"{en}: the telephone's band, although the file could hold more",
            f"{fr} : la bande du téléphone, bien que le fichier puisse contenir davantage",
        )
    return Message(f"{en}: the telephone's band", f"{fr} : la bande du téléphone")


def _faults(line: Line) -> list[Message]:
    found = []
    if line.identical:
        found.append(
            Message(
                "Both channels carry the same signal: they are transcribed as one.",
                "Les deux canaux portent le même signal : ils sont transcrits comme un seul.",
            )
        )
    for number, channel in enumerate(line.channels, 1):
        where = Message("", "") if len(line.channels) == 1 else Message(f"channel {number}: ", f"canal {number} : ")
        found += [
            Message(_upper(where.en + fault.en), _upper(where.fr + fault.fr))
            for fault in ([DEAD] if channel.dead else _faults_of(channel))
        ]
        if line.identical:
            break
    return found


DEAD = Message("no voice at all, silence or a steady noise.", "aucune voix, du silence ou un bruit constant.")


def _faults_of(channel: Channel) -> list[Message]:
    found = []
    if channel.clipped > CLIPPED:
        share = f"{100 * channel.clipped:.1f}"
        found.append(
            Message(
                f"the sound is clipped ({share}%), recorded too loud: words are lost there.",
                f"le son est écrêté ({share.replace('.', ',')} %), enregistré trop fort : des mots s'y perdent.",
            )
        )
    if channel.level < QUIET:
        found.append(
            Message(
                f"the voice is very quiet ({channel.level:.0f} dBFS where a telephone has -26).",
                f"la voix est très faible ({channel.level:.0f} dBFS, un téléphone donne -26).".replace("-", "−"),
            )
        )
    above = channel.level - channel.noise
    if above < NOISY:
        found.append(
            Message(
                f"the line is noisy, the voice is only {max(0, above):.0f} dB above the noise.",
                f"la ligne est bruitée, la voix n'est qu'à {max(0, above):.0f} dB au-dessus du bruit.",
            )
        )
    return found


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
