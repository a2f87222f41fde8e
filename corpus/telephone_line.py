"""Simulates a telephone line, for training data and for simulated calls.

The line passes 300 to 3400 Hz at 8 kHz, adds noise of the same band, encodes and decodes with a telephone codec, and
loses packets. torchaudio filters, mixes, resamples and has the µ-law; FFmpeg's encoders have the other codecs.
"""

import math
import subprocess
from functools import partial

import av
import numpy as np
import torch
from torch.nn.functional import pad
from torchaudio.functional import add_noise, highpass_biquad, lowpass_biquad, mu_law_decoding, mu_law_encoding, resample

from common.messages import UserError
from common.pcm import from_int16, to_int16
from speech.audio.decode import SAMPLE_RATE

RATE = 8_000  # Hz, of a telephone
BAND = 300.0, 3400.0  # Hz
PACKET = 160  # samples: 20 ms, as GSM and AMR have their frames and voice over IP its packets
BURST = 2  # packets that are lost together, on average
FADE = 0.5  # gain of a packet that is repeated in place of a lost one
MOST_LOST = 0.5
SNR = -20.0, 100.0  # dB: beyond them a number was meant otherwise
AMR_BITS = 12_200  # a second: the best of its modes, and the usual one
GSM_FRAME = 33  # bytes


def through(
    waveform: np.ndarray,
    codec: str = "alaw",
    *,
    snr: float | None = None,
    loss: float = 0.0,
    seed: int | tuple[int, ...] | np.random.Generator = 0,
) -> np.ndarray:
    """Sends a waveform (float32, mono, 16 kHz) through a line; gives one of the same length and rate.

    `snr` is in dB, relative to the voice while it speaks (None: no noise); `loss` is the share of packets that are
    lost. The same seed gives the same line. Raises UserError for values out of range, and where this machine has no
    encoder for the codec.
    """
    if not len(waveform):
        return waveform
    narrow = resample(torch.from_numpy(waveform), SAMPLE_RATE, RATE)
    heard = carried(narrow, codec, snr=snr, loss=loss, seed=seed)
    return resample(heard, RATE, SAMPLE_RATE)[: len(waveform)].numpy()


def carried(
    narrow: torch.Tensor,
    codec: str,
    *,
    snr: float | None,
    loss: float,
    seed: int | tuple[int, ...] | np.random.Generator,
) -> torch.Tensor:
    """Does what `through` does for samples at 8 kHz (float32, mono), which stay at 8 kHz."""
    check(codec, snr, loss)
    random = np.random.default_rng(seed)
    if snr is None:
        heard = _band(narrow)
    else:
        noise = torch.from_numpy(random.standard_normal(len(narrow), np.float32))
        heard, noise = _band(torch.stack([narrow, noise]))
        pauses = math.log10(float(heard.square().mean() / power(heard))) if heard.any() else 0.0
        heard = add_noise(heard, noise, torch.tensor(snr + 10 * pauses))  # torchaudio counts the pauses as well
    heard = CODECS[codec](heard.clamp(-1, 1))
    return _concealed(heard, loss, random) if loss else heard


def check(codec: str, snr: float | None, loss: float) -> None:
    """Raises UserError for an unknown codec, and for an `snr` or a `loss` out of range."""
    if codec not in CODECS:
        raise UserError(
            en=f"There is no telephone codec {codec!r}: choose one of {', '.join(CODECS)}.",
            fr=f"Le codec téléphonique {codec!r} n'existe pas : choisissez parmi {', '.join(CODECS)}.",
        )
    if snr is not None and not SNR[0] <= snr <= SNR[1]:
        raise UserError(
            en=f"A signal-to-noise ratio of {snr:g} dB makes no line: choose {SNR[0]:g} to {SNR[1]:g}.",
            fr=f"Un rapport signal sur bruit de {snr:g} dB ne fait pas une ligne : choisissez {SNR[0]:g} à {SNR[1]:g}.",
        )
    if not 0 <= loss <= MOST_LOST:
        raise UserError(
            en=f"A share of {loss:g} lost packets makes no line: choose 0 to {MOST_LOST:g} (0.02 is two in a hundred).",
            fr=f"Une part de {loss:g} paquets perdus ne fait pas une ligne : choisissez 0 à {MOST_LOST:g} "
            "(0.02 : deux sur cent).",
        )


def powers(samples: torch.Tensor) -> torch.Tensor:
    """The mean power of each 20 ms of samples at 8 kHz."""
    return pad(samples, (0, -len(samples) % PACKET)).reshape(-1, PACKET).square().mean(dim=1)


def power(samples: torch.Tensor) -> float:
    """The mean power of a voice at 8 kHz without its pauses; 0.0 for silence."""
    pieces = powers(samples)
    return float(pieces[pieces >= pieces.mean() / 10].mean())


def _band(samples: torch.Tensor) -> torch.Tensor:
    """Applies each filter twice: 24 dB an octave, as steep as a real line's."""
    low, high = BAND
    for _ in range(2):
        samples = lowpass_biquad(highpass_biquad(samples, RATE, low), RATE, high)
    return samples


def _ulaw(samples: torch.Tensor) -> torch.Tensor:
    return mu_law_decoding(mu_law_encoding(samples, 256), 256)


def _by_ffmpeg(samples: torch.Tensor, encoder: str, decoder: str, late: int = 0) -> torch.Tensor:
    """Encodes and decodes; `late` is the codec's delay in samples, which is removed."""
    try:
        sender = av.CodecContext.create(encoder, "w")
    except av.codec.codec.UnknownCodecError as error:
        raise _no_encoder(encoder) from error
    sender.sample_rate, sender.layout, sender.format, sender.bit_rate = RATE, "mono", "s16", AMR_BITS
    sender.open()
    whole = pad(samples, (0, late + PACKET - (len(samples) + late) % PACKET))
    sound = to_int16(whole.numpy())[None]
    packets, step = [], sender.frame_size or len(whole)  # A-law takes all at once
    for start in range(0, len(whole), step):
        frame = av.AudioFrame.from_ndarray(sound[:, start : start + step], "s16", "mono")
        frame.sample_rate, frame.pts = RATE, start
        packets += sender.encode(frame)
    return _decoded([bytes(packet) for packet in [*packets, *sender.encode(None)]], decoder)[late:][: len(samples)]


def _gsm(samples: torch.Tensor) -> torch.Tensor:
    """PyAV decodes GSM only. Of the two that encode it, by Debian's FFmpeg, torchcodec takes six seconds to import."""
    sound = to_int16(pad(samples, (0, -len(samples) % PACKET)).numpy())
    command = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "-", "-f", "gsm", "-"]
    try:
        encoded = subprocess.run(command, input=sound.tobytes(), capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise _no_encoder("libgsm") from error
    frames = [encoded[start : start + GSM_FRAME] for start in range(0, len(encoded), GSM_FRAME)]
    return _decoded(frames, "gsm")[: len(samples)]


def _decoded(packets: list[bytes], decoder: str) -> torch.Tensor:
    receiver = av.CodecContext.create(decoder, "r")
    receiver.sample_rate, receiver.layout = RATE, "mono"
    frames = [frame.to_ndarray()[0] for packet in packets for frame in receiver.decode(av.Packet(packet))]
    sound = np.concatenate(frames)
    return torch.from_numpy(sound if sound.dtype == np.float32 else from_int16(sound))


CODECS = {
    "alaw": partial(_by_ffmpeg, encoder="pcm_alaw", decoder="pcm_alaw"),
    "ulaw": _ulaw,
    "gsm": _gsm,
    "amr": partial(_by_ffmpeg, encoder="libopencore_amrnb", decoder="amrnb", late=40),
}


def _concealed(samples: torch.Tensor, loss: float, random: np.random.Generator) -> torch.Tensor:
    """Repeats the packet before a lost one, quieter each time, as simple receivers do."""
    packets = pad(samples, (0, -len(samples) % PACKET)).reshape(-1, PACKET)
    for at in np.flatnonzero(_lost(len(packets), loss, random)):
        packets[at] = packets[at - 1] * FADE if at else 0.0
    return packets.flatten()[: len(samples)]


def _lost(packets: int, loss: float, random: np.random.Generator) -> np.ndarray:
    """Draws which packets are lost: in bursts, as networks lose them (Gilbert's model)."""
    begins, goes_on = loss / (1 - loss) / BURST, 1 - 1 / BURST
    lost, now = np.zeros(packets, bool), False
    for at, drawn in enumerate(random.random(packets)):
        lost[at] = now = drawn < (goes_on if now else begins)
    return lost


def _no_encoder(encoder: str) -> UserError:
    return UserError(
        en=f"This machine's FFmpeg has no encoder {encoder}: choose another codec, or install an FFmpeg that has it.",
        fr=f"Le FFmpeg de cette machine n'a pas l'encodeur {encoder} : choisissez un autre codec, "
        "ou installez un FFmpeg qui l'a.",
    )
