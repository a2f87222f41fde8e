"""Text that nobody said: loops, lines that Whisper learned from videos, more text than the seconds can hold."""

import re
import unicodedata
import zlib

MAX_COMPRESSION = 2.4  # Whisper's own threshold; it counts bytes, transformers' counts token ids
MAX_CHARACTERS_PER_SECOND = 25.0  # fast French has about 18
MANY_WORDS, MANY_PHRASES = 8, 5  # times in a row: people do say « oui oui oui oui oui »
HALLUCINATIONS = (
    re.compile(  # whole segments, as `plain` writes them, that Whisper learned from videos and says into silence
        "|".join(
            (
                r".*\bamara ?org\b.*",
                r".*soustitreur.*",
                r"(realisation |traduction |transcription )?(et |des )?sous titr(es|age)"
                r"( (realises?|faits?|par|st|fr|mfp|societe|radio|en francais|de la)\b.*)?",
                r"merci (a tous |beaucoup )?d avoir (regarde|visionne)\b.*",
                r"merci (a tous |beaucoup )?d avoir (suivi|ecoute) (cette|ma|la|mes|ces) (video|emission|chaine)s?.*",
                r"(n oubliez pas de |pensez a )?(liker et )?(vous )?abonne[rz]( vous)?( a (la|ma|notre) chaine.*)?",
                r"cliquez.* (abonne|sous titr).*",
                r"a (bientot|la prochaine) pour (une |de )?(nouvelles? )?videos?.*",
                r"(thank you|thanks)( so much| very much)? for (watching|listening|viewing).*",
                r"(please )?(like and )?subscribe( to (my|our|the) channel)?",
                r"subtitl(es|ing|ed) by .*",
                r"musique( de fond| de generique| douce)?|music( playing)?",
            )
        )
    )
)


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit: "..." and "♪" are no text."""
    return any(character.isalnum() for character in text)


def compression_ratio(text: str) -> float:
    """Bytes of the text over bytes of its zlib compression: a text that repeats itself has a high ratio."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def is_loop(text: str) -> bool:
    """Whether the text repeats itself: by compression, or by a word or a phrase of it many times in a row."""
    words = plain(text).split()
    return (
        compression_ratio(text) > MAX_COMPRESSION
        or _repeats(words, 1, MANY_WORDS)
        or any(_repeats(words, size, MANY_PHRASES) for size in range(2, 7))
        or re.search(r"(\w{1,4}?)\1{7,}", "".join(words)) is not None
    )


def _repeats(words: list[str], size: int, times: int) -> bool:
    """Whether some `size` words stand there `times` times in a row."""
    starts = range(len(words) - size * times + 1)
    return any(words[i : i + size] * times == words[i : i + size * times] for i in starts)


def is_hallucination(text: str) -> bool:
    """Whether the whole text is a line of subtitles' credits or of a video's farewell, or names music."""
    return HALLUCINATIONS.fullmatch(plain(text)) is not None


def is_too_long(text: str, seconds: float) -> bool:
    """Whether nobody can say that much in that time; half a second is allowed for what the cut left out."""
    return len(text) > MAX_CHARACTERS_PER_SECOND * (seconds + 0.5)


def plain(text: str) -> str:
    """Lower case without accents and punctuation, one space between words."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", bare))
