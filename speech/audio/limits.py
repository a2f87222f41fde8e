"""What a recording may be at most, checked before it is decoded where its header tells, and on the way where not."""

from common.limits import limit
from common.messages import UserError

MAX_SECONDS = limit("ALLO_MAX_HOURS") * 3600
MAX_CHANNELS = 8
RATES = range(1_000, 384_001)  # Hz; beyond them a header lies, and the resampling filter would fill the memory
USUAL_RATE = 48_000  # Hz: at more, fewer channels or less time
WHOLE_CHANNELS = 2  # times MAX_SECONDS: what is kept in memory as a whole; a stream may have more


def check_track(channels: int, rate: int, name: str) -> None:
    """Raises UserError for more channels, or another sampling rate, than the recording of a call has."""
    if channels > MAX_CHANNELS:
        raise UserError(
            en=f"“{name}” has {channels} channels and {MAX_CHANNELS} are the most: keep those with speech.",
            fr=f"« {name} » a {channels} canaux et {MAX_CHANNELS} sont le maximum : gardez ceux où l'on parle.",
        )
    if rate not in RATES:
        raise UserError(
            en=f"“{name}” has a sampling rate of {rate} Hz, which cannot be: convert it to WAV.",
            fr=f"« {name} » a une fréquence d'échantillonnage impossible, {rate} Hz : convertissez-le en WAV.",
        )


def check_samples(seconds: float, channels: int, rate: int, name: str) -> None:
    """Raises UserError for more samples than MAX_SECONDS have in MAX_CHANNELS at a usual rate."""
    if seconds * channels * rate > MAX_SECONDS * MAX_CHANNELS * USUAL_RATE:
        raise UserError(
            en=f"“{name}” has {channels} channels at {rate} Hz, too many samples for its length: "
            "convert it to WAV at 16 kHz.",
            fr=f"« {name} » a {channels} canaux à {rate} Hz, trop d'échantillons pour sa durée : "
            "convertissez-le en WAV à 16 kHz.",
        )


def check_whole(seconds: float, channels: int, name: str) -> None:
    """Raises UserError for a recording that is too large to be kept in memory as a whole."""
    if seconds * channels > MAX_SECONDS * WHOLE_CHANNELS:
        length = clock(seconds)
        raise UserError(
            en=f"“{name}” is too large to be loaded whole ({channels} channels of {length}): "
            "keep the channels with speech, or cut it into parts.",
            fr=f"« {name} » est trop grand pour être chargé en entier ({channels} canaux de {length}) : "
            "gardez les canaux où l'on parle, ou découpez-le.",
        )


def too_long(name: str, seconds: float | None = None) -> UserError:
    """`seconds`: how long the recording is, where that is known."""
    limit = clock(MAX_SECONDS)
    en, fr = (clock(seconds),) * 2 if seconds else (f"more than {limit}", f"plus de {limit}")
    return UserError(
        en=f"“{name}” lasts {en} and {limit} is the limit: cut it into parts, or set ALLO_MAX_HOURS higher.",
        fr=f"« {name} » dure {fr} et la limite est de {limit} : découpez-le, ou augmentez ALLO_MAX_HOURS.",
    )


def clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {seconds:02d} s"
