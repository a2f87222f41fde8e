"""python bench/music.py [--minutes M] [--adapter A] : hold music on telephone lines, and the words made of it.

The pieces of asterisk-moh-opsound-wav come again and again, each time at another level and on another line, until there
is an hour. Nobody says a word: each one that is written is invented. With --adapter, base and adapter both listen.
"""

import argparse
import os
import platform
import sys
import time
import wave
from datetime import date
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torchaudio.functional import resample

sys.path.insert(0, str(Path(__file__).parent.parent))

from common.pcm import to_int16
from corpus.line_sounds import melodies
from corpus.telephone_line import CODECS, RATE, carried
from speech.audio.decode import SAMPLE_RATE, read
from speech.decoding.decode import Options
from speech.engines import load
from speech.models.choose import choose
from speech.transcribe import transcribe

LEVEL = -40.0, -14.0  # dBFS of the music
SNR = 15.0, 40.0  # dB of it over its line's noise
LOSS = 0.0, 0.03  # share of packets


def recordings(folder: Path, minutes: float, seed: int) -> list[Path]:
    """The pieces, each on a line of its own, in recordings of so many minutes altogether."""
    random, found, missing = np.random.default_rng(seed), [], 60 * minutes
    for piece in cycle(melodies()):
        sound = resample(torch.from_numpy(read(piece).waveform[0][: round(missing * SAMPLE_RATE)]), SAMPLE_RATE, RATE)
        codec, level, snr, loss = random.choice(list(CODECS)), *(random.uniform(*each) for each in (LEVEL, SNR, LOSS))
        sound *= 10 ** (level / 20) / sound.square().mean().sqrt()
        path = folder / f"{len(found):02}_{piece.stem}_{codec}_{level:.0f}dB_{snr:.0f}dB_{100 * loss:.1f}%.wav"
        line = carried(sound, str(codec), snr=snr, loss=loss, seed=(seed, len(found))).clamp(-1, 1).numpy()
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(to_int16(line).tobytes())
        found.append(path)
        missing -= len(sound) / RATE
        if missing < 1:
            return found


def written(paths: list[Path], adapter: str | None) -> None:
    """Transcribes the recordings, and prints a row; what is written of them goes to standard error."""
    engine = load(choose("whisper-base", adapter))
    started, seconds, named, texts = time.perf_counter(), 0.0, 0.0, []
    for path in paths:
        *_, last = transcribe(path, engine, Options(margin=engine.margin))
        transcript = last.transcript
        seconds += transcript.audio.seconds
        named += sum(sound.end - sound.start for sound in transcript.sounds if sound.kind == "music")
        texts += [turn.text for turn in transcript.turns]
        for turn in transcript.turns:
            print(f"{path.name} {turn.start:.1f}-{turn.end:.1f} s: {turn.text}", file=sys.stderr)
    words, taken = sum(len(text.split()) for text in texts), time.perf_counter() - started
    who = Path(adapter).name if adapter else "base"
    print(
        f"| {who} | {seconds / 60:.1f} | {100 * named / seconds:.1f} | {len(texts)} | {words} | {taken:.0f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="of music (default: 60)")
    parser.add_argument("--adapter", help="a folder: it listens too")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    print(f"seed {asked.seed}; {platform.machine()}, {os.cpu_count()} cores, {date.today()}\n")
    print("| | minutes | named music % | turns | words | seconds |\n|---|---|---|---|---|---|", flush=True)
    with TemporaryDirectory() as folder:
        paths = recordings(Path(folder), asked.minutes, asked.seed)
        for adapter in (None, asked.adapter) if asked.adapter else (None,):
            written(paths, adapter)


if __name__ == "__main__":
    main()
