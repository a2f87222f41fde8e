"""Speech on ZeroGPU: decoded in a process that was lent a GPU, for the seconds that it needs, and then on the CPU."""

import gradio as gr
import numpy as np
import pytest

from corpus.prompts import prompts
from tests.kit.plain_adapter import plain_adapter
from tests.kit.zero_gpu import platform, run
from ui import page
from ui.kit import zero_gpu

SAID = next(prompt for prompt in prompts(at_least=2.0) if prompt.seconds < 3)
# Two columns that are the base and an adapter, compared twice between two transcriptions of the same recording.
COMPARED = """
from speech.audio.decode import read
from speech.decoding.decode import Options
from speech.transcribe import transcribe
from ui.compare.columns import Column
from ui.compare.in_step import transcribe_in_step
from ui.kit.engine_pool import Setting, loaded
zero_gpu.prepare()
choice, engine = loaded(Setting())
recording = read(sys.argv[1])
texts, asked, quota = [], [], zero_gpu.Quota()

def transcribed():
    *_, last = transcribe(recording, engine, Options(), **zero_gpu.decoding(choice))
    texts.append(last.transcript.text)

def compared():
    for stage in transcribe_in_step(recording, columns, False, quota):
        yield stage
        if quota.waits:
            asked.append([quota.refusal.fr, quota.refusal.en])
            quota.decide(on_cpu=len(asked) > 1)  # the GPU is tried once more

transcribed()
columns = [Column("base", Setting()), Column("adapter", Setting(adapter=sys.argv[2]))]
stages = [list(compared()) for _ in range(2)]
transcribed()
ended = [[{"text": each.text, "engine": each.engine, "seconds": each.seconds} for each in found[-1].results]
         for found in stages]
print(json.dumps({"texts": texts, "compared": ended, "asked": asked, "pid": os.getpid(),
                  "kept": list(zero_gpu._engines), "so_far": [len(stage.results) for stage in stages[0]]}))
"""


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    return plain_adapter(tmp_path_factory.mktemp("adapter") / "adapter", margin=0.3)


def test_speech_goes_to_the_gpu_until_the_quota_ends_and_then_to_the_cpu_as_the_visitor_wishes(adapter):
    with platform(quota=13) as lender:  # enough for a transcription and one comparison
        found = run(lender, COMPARED, str(SAID.path), str(adapter))
        calls = lender.calls
    assert all(found["texts"]) and all(column["text"] for columns in found["compared"] for column in columns)
    engines = [[column["engine"] for column in columns] for columns in found["compared"]]
    assert engines == [["transformers"] * 2, ["ctranslate2"] * 2]  # in one call, and then on the CPU
    asked = [call.partition("durationSeconds=")[2].partition("&")[0] for call in calls if call.startswith("/schedule")]
    assert asked == ["5"] * 5 and sum(call.startswith("/release") for call in calls) == 2
    allowed = [call for call in calls if call.startswith("/allow")]
    assert len(allowed) == 2 and all(f"pid={found['pid']}" not in call for call in allowed)
    for fr, en in found["asked"]:
        assert "3 s restantes" in fr and "3 s left" in en and "3:00:00" in fr
    assert len(found["asked"]) == 2
    assert len(found["kept"]) == 1 and set(found["so_far"]) == {0, 2}  # what is done is there all along


def test_a_call_of_ten_minutes_costs_half_a_minute(int8):
    """Of which the voices leave no second free."""
    from speech.audio.decode import Recording
    from speech.decoding.decode import DecodedClip, Options
    from speech.transcribe import transcribe
    from transcripts.transcript import AudioFacts

    rate, asked = zero_gpu.SAMPLE_RATE, []
    noise = np.random.default_rng(0).normal(0, 0.1, 600 * rate).astype(np.float32)

    def decoder(_, sounds, *more):
        asked.append([zero_gpu.Request(None, list(sounds), None, "", set())])
        yield [(place, DecodedClip(())) for place in range(len(sounds))]

    recording = Recording(AudioFacts("call", 600.0, rate, 1, "pcm"), noise[None])
    options = Options(voice_activity=False)
    list(transcribe(recording, int8, options, decoder=decoder, at_once=zero_gpu.AT_ONCE))
    assert sum(map(zero_gpu.seconds_asked, asked)) <= 30
    assert zero_gpu.seconds_asked([each for call in asked for each in call * 2]) <= 30  # base and adapter, in one call
    longest = zero_gpu.Request(None, [noise[: 30 * rate]] * zero_gpu.AT_ONCE, None, "", set())
    assert zero_gpu.seconds_asked([longest]) <= 60


SPENT = "You have exceeded your free ZeroGPU quota (60s requested vs. 7s left). Try again in 1 day, 3:00:00. "


@pytest.mark.parametrize(
    "title, said, fr",
    [
        ("ZeroGPU quota exceeded", SPENT, "Quota de ZeroGPU : 60 s demandées, 7 s restantes ; il se renouvelle dans "),
        ("ZeroGPU client error", "No GPU was available", "ZeroGPU : No GPU was available"),
    ],
)
def test_what_the_platform_refuses_is_told(title, said, fr):
    error = gr.Error(said)
    error.title = title
    assert zero_gpu.refusal(error).fr.replace("\N{NO-BREAK SPACE}", " ").startswith(fr)
    assert zero_gpu.refusal(gr.Error("something else")) is None


def test_two_presses_on_zero_gpu_are_not_one_too_many(monkeypatch):
    """Where no number is given, gradio takes one event there at a time, and refuses the next one with an error."""
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    with gr.Blocks() as plain:
        pass
    assert plain._queue.max_size == 1  # else there is nothing to mend any more
    assert page.queued(plain)._queue.max_size > 1000
