"""The systems that clips and calls are transcribed by, each in a process of its own that imports what the system needs.

Every system has the same weights (the embedded whisper-base), French and two threads; the peers decode greedily.
Seconds are for reading and hearing, after loading and one recording to warm up. Memory is the process's peak: nothing
of the bench is in it, so nothing but the standard library is imported above.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

HOUSE = Path(__file__).parent.parent
THREADS = 2
AT_ONCE = 64  # clips of ours in memory, as many as an evaluation has
AROUND = 0.1  # seconds around a turn that is transcribed by itself
EFFORTS = {f"Allô, {effort}": (effort, "ctranslate2") for effort in ("fast", "balanced", "careful")}
BY_OPENVINO = {f"{name}, OpenVINO": (effort, "openvino") for name, (effort, _) in EFFORTS.items()}
Hear = Callable[[list[str]], list]  # paths to texts, or to transcripts as dictionaries


def _engine(engine: str = "ctranslate2", precision: str = "int8"):
    from speech.engines import load
    from speech.models.choose import choose

    return load(choose("whisper-base"), engine, precision, THREADS)


def clips(engine: str, precision: str, **options) -> Hear:
    from speech.audio.decode import read
    from speech.decoding.decode import Options, decode

    loaded, options = _engine(engine, precision), Options(**options)

    def answer(paths: list[str]) -> list[str]:
        transcribed = {}
        order = sorted(paths, key=os.path.getsize)
        for some in (order[start : start + AT_ONCE] for start in range(0, len(order), AT_ONCE)):
            clips = [read(path).waveform[0] for path in some]
            transcribed |= {some[i]: found.text for batch in decode(loaded, clips, options) for i, found in batch}
        return [transcribed[path] for path in paths]

    return answer


def calls(speakers: int | None = 1, effort: str | None = None, engine: str = "ctranslate2") -> Hear:
    from speech.decoding.decode import Options
    from speech.decoding.effort import EFFORT, beam_of
    from speech.transcribe import transcribe

    # a turn of two speakers is cut between words
    loaded, options = _engine(engine), Options(words=speakers != 1, unsure_beam=beam_of(effort or EFFORT))

    def answer(path: str) -> dict:
        for progress in transcribe(path, loaded, options, "auto", speakers):
            found = progress.transcript
        return found.to_dict()

    return lambda paths: [answer(path) for path in paths]


def turns_one_by_one() -> Hear:
    """The turns of the references that lie beside the calls, each cut out of its channel and transcribed by itself."""
    from speech.audio.decode import SAMPLE_RATE, read
    from speech.decoding.decode import Options, decode

    engine = _engine()

    def answer(path: str) -> dict:
        turns, waveform = json.loads(Path(path).with_suffix(".json").read_bytes())["turns"], read(path).waveform
        spans = [(max(0, turn["start"] - AROUND), turn["end"] + AROUND) for turn in turns]
        clips = [
            waveform[turn["channel"], round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
            for turn, (start, end) in zip(turns, spans, strict=True)
        ]
        transcribed = dict(item for batch in decode(engine, clips, Options()) for item in batch)
        return {"turns": [turn | {"text": transcribed[i].text} for i, turn in enumerate(turns)]}

    return lambda paths: [answer(path) for path in paths]


def _faster_whisper(folder: str, batched: bool, **asked) -> Callable:
    """Gives the segments of a path or a waveform."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=THREADS)
    asked |= {"language": "fr", "beam_size": 1}
    if batched:
        model, asked = BatchedInferencePipeline(model), asked | {"batch_size": 8}
    return lambda sound: model.transcribe(sound, **asked)[0]


def faster_whisper_clips(folder: str, batched: bool) -> Hear:
    segments = _faster_whisper(folder, batched)
    return lambda paths: [" ".join(segment.text for segment in segments(path)) for path in paths]


def faster_whisper_calls(folder: str, batched: bool) -> Hear:
    """Which is given each channel."""
    from faster_whisper import decode_audio

    segments = _faster_whisper(folder, batched, vad_filter=True)

    def answer(path: str) -> dict:
        turns = [
            {"start": segment.start, "end": segment.end, "channel": channel, "text": segment.text}
            for channel, lane in enumerate(decode_audio(path, split_stereo=True))
            for segment in segments(lane)
        ]
        return {"turns": turns}

    return lambda paths: [answer(path) for path in paths]


def pipeline(folder: str) -> Hear:
    """As the notebook has it: transformers' pipeline, each clip in a 30-s window."""
    import torch
    from transformers import pipeline

    torch.set_num_threads(THREADS)
    asr = pipeline("automatic-speech-recognition", model=folder)
    asked = {"language": "french", "task": "transcribe", "num_beams": 1}
    return lambda paths: [result["text"] for result in asr(paths, generate_kwargs=asked)]


# What builds each; those of others are given the folder of the weights, CTranslate2's or transformers'.
OURS = {
    "clips": {
        "Allô, CTranslate2 int8": partial(clips, "ctranslate2", "int8"),
        "Allô, CTranslate2 int8, full window": partial(clips, "ctranslate2", "int8", margin=None),
        "Allô, transformers float32": partial(clips, "transformers", "float32"),
    },
    "calls": {
        "Allô": calls,
        **{name: partial(calls, 1, *how) for name, how in (EFFORTS | BY_OPENVINO).items()},
        "one by one": turns_one_by_one,
        "speakers found": partial(calls, None),
        "two speakers": partial(calls, 2),
    },
}
OTHERS = {
    "clips": {
        "faster-whisper int8, sequential": partial(faster_whisper_clips, batched=False),
        "faster-whisper int8, batched": partial(faster_whisper_clips, batched=True),
        "transformers pipeline float32": pipeline,
    },
    "calls": {
        "faster-whisper, batched": partial(faster_whisper_calls, batched=True),
        "faster-whisper, sequential": partial(faster_whisper_calls, batched=False),
    },
}


def measured(kind: str, name: str, paths: list[str], warm: str | None = None) -> dict:
    """What was "found" of the paths by a system of "clips" or "calls", in how many "seconds", and "memory" in bytes."""
    from speech.models import bundled

    folder = bundled.transformers_folder() if "pipeline" in name else bundled.ctranslate2_folder()
    asked = {"kind": kind, "name": name, "folder": str(folder), "paths": paths, "warm": warm}
    environment = os.environ | {"OMP_NUM_THREADS": str(THREADS), "HF_HUB_OFFLINE": "1", "ALLO_OFFLINE": "1"}
    command = [sys.executable, "-m", "bench.systems"]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, cwd=HOUSE, env=environment)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Runs in the system's own process."""
    asked = json.load(sys.stdin)
    kind, name = asked["kind"], asked["name"]
    answer = OURS[kind][name]() if name in OURS[kind] else OTHERS[kind][name](asked["folder"])
    if asked["warm"]:
        answer([asked["warm"]])
    started = time.perf_counter()
    transcribed = answer(asked["paths"])
    seconds = time.perf_counter() - started
    print(json.dumps({"found": transcribed, "seconds": seconds, "memory": _peak()}))


def _peak() -> int:
    """Bytes of this process at most; `ru_maxrss` counts the one that it was forked from as well."""
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


if __name__ == "__main__":
    main()
