"""A corpus through a model: the score is the table's, and a death midway costs nothing but time."""

import csv
import io
import json
import signal
import subprocess
import sys
import time
import wave
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import corpus
from common.messages import UserError
from corpus.prompts import prompts
from scoring.measures import score
from speech.decoding.decode import Options
from trainer.__main__ import _parser, main
from trainer.evaluation import evaluate, results_file

GREEDY = Options(unsure_beam=1)  # beams have tests of their own, and take as long again
ASKED = ["--model", "whisper-base", "--engine", "ctranslate2", "--split", "all", "--unsure-beam", "1"]
CALLS = ["monday", "tuesday", "wednesday"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A corpus of twelve prompts of one to three seconds, in three calls."""
    folder = tmp_path_factory.mktemp("corpus")
    chosen = [prompt for prompt in prompts(at_least=1.0) if prompt.seconds < 3.0][::7][:12]
    assert len(chosen) == 12
    with (folder / "metadata.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file_name", "text", "call"])
        for number, prompt in enumerate(chosen):
            (folder / f"{number}.wav").write_bytes(prompt.path.read_bytes())
            table.writerow([f"{number}.wav", prompt.text, CALLS[number % 3]])
    return folder


@pytest.fixture(scope="module")
def clips(folder) -> corpus.Corpus:
    return corpus.load(folder)


def run(*arguments) -> str:
    """What the command prints on standard output, run in this process: another one takes seconds to start."""
    with redirect_stdout(io.StringIO()) as out:
        assert main(["evaluate", *map(str, arguments)]) == 0
    return out.getvalue()


def heard(output: Path) -> list[tuple]:
    """The rows but for the time that they took."""
    return [row[:-1] for row in results_file.rows(output)]


@pytest.fixture(scope="module")
def done(folder, tmp_path_factory) -> tuple[dict, Path]:
    """The command's summary of the whole corpus, and its table."""
    output = tmp_path_factory.mktemp("evaluated") / "base.csv"
    return json.loads(run("--corpus", folder, *ASKED, "--output", output, "--json")), output


def test_the_summary_has_what_others_rely_on(done):
    told, _ = done
    assert {
        *("normaliser", "wer", "cer", "substitutions", "deletions", "insertions", "words", "interval", "raw_wer"),
        *("basic_wer", "clips", "model", "adapter", "window", "seconds_taken"),
    } <= told.keys()
    assert told["model"] == "whisper-base" and told["adapter"] is None and told["window"] == "clip + 4 s"
    assert len(told["clips"]) == 12 and 5 < told["wer"] < 60
    assert told["interval"][0] <= told["wer"] <= told["interval"][1]


def test_the_summary_is_the_score_of_the_table(done, folder):
    told, output = done
    rows = results_file.rows(output)
    again = score([r.reference for r in rows], [r.hypothesis for r in rows], [r.call for r in rows]).to_dict()
    assert {name: told[name] for name in again} == again
    assert [row.wer for row in rows] == pytest.approx([clip["wer"] for clip in told["clips"]], abs=1e-3)
    assert json.loads(output.with_suffix(".json").read_text()).items() >= told.items()


def test_the_table_is_in_the_order_of_the_corpus_and_python_m_scoring_reads_it(done, clips):
    told, output = done
    assert [row.id for row in results_file.rows(output)] == list(clips.rows["id"])
    ended = subprocess.run([sys.executable, "-m", "scoring", output, "--json"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["interval"] == told["interval"]


def test_what_is_there_is_not_heard_again(done, clips, int8, tmp_path, monkeypatch):
    """The second half goes on where the first ended; the third asks for nothing new and transcribes nothing."""
    calls = []
    monkeypatch.setattr(int8, "generate", lambda *a, generate=int8.generate, **k: calls.append(a) or generate(*a, **k))
    output = tmp_path / "heard.csv"
    for indices, total in [(range(6), 6), (range(12), 12), (range(12), 12)]:
        calls.clear()
        *_, last = evaluate.evaluate(clips, indices, int8, GREEDY, output)
        assert (last.done, last.total, last.share) == (total, total, 1.0)
    assert not calls
    rows = results_file.join(output, results_file.rows(output), clips)
    assert [row[:-1] for row in rows] == heard(done[1])


def test_a_killed_evaluation_goes_on(done, folder, tmp_path):
    """kill -9 once some rows are there, half a line at the end: the same command ends with the same table."""
    output = tmp_path / "heard.csv"
    command = [sys.executable, "-m", "trainer", "evaluate", "--corpus", folder, *ASKED, "--batch-size", "1"]
    started = subprocess.Popen([*command, "--output", output], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(results_file.rows(output)) < 4:
        assert started.poll() is None
        time.sleep(0.02)
    started.send_signal(signal.SIGKILL)
    started.wait()
    before = results_file.rows(output)
    assert 4 <= len(before) < 12 and "wer" not in results_file.facts(output)
    with output.open("a") as file:
        file.write("a-row-cut-sh")
    run("--corpus", folder, *ASKED, "--output", output)
    after = {row.id: row for row in results_file.rows(output)}
    assert all(after[row.id] == row for row in before)  # to the time that they took: they were not transcribed again
    assert heard(output) == heard(done[1]) and "wer" in results_file.facts(output)


def test_two_processes_divide_the_work_and_find_the_same(done, folder, tmp_path):
    output = tmp_path / "heard.csv"
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    asked = ["-m", "trainer", "evaluate", "--corpus", folder, *ASKED, "--output", output, "--json"]
    ended = subprocess.run([*launch, *map(str, asked)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / ".heard.csv.part1.lock").exists()  # there was a second one
    told, alone = done
    assert heard(output) == heard(alone)
    assert {**json.loads(ended.stdout), "seconds_taken": 0} == {**told, "seconds_taken": 0}
    assert [path.name for path in tmp_path.glob("*part*") if path.suffix != ".lock"] == []


def test_batches_change_no_word(done, tmp_path, clips, int8):
    output = tmp_path / "heard.csv"
    list(evaluate.evaluate(clips, range(12), int8, replace(GREEDY, batch_size=3), output))
    three = {row.id: row.hypothesis for row in results_file.rows(output)}
    assert three == {row.id: row.hypothesis for row in results_file.rows(done[1])}


def test_without_output_nothing_is_left_behind(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "WER" in run("--corpus", folder, *ASKED, "--limit", "2") and not list(tmp_path.iterdir())


def test_clips_that_cannot_be_heard_are_told_and_the_others_scored(folder, int8, tmp_path):
    bad = tmp_path / "corpus"
    bad.mkdir()
    (bad / "metadata.csv").write_text(
        "file_name,text,seconds\ngood.wav,bonjour,2\nbroken.wav,allô,2\ngone.wav,allô,2\nlong.wav,oui,31\n"
    )
    (bad / "good.wav").write_bytes((folder / "0.wav").read_bytes())
    (bad / "gone.wav").write_bytes((folder / "0.wav").read_bytes())
    (bad / "broken.wav").write_bytes(b"RIFF and nothing more")
    _silence(bad / "long.wav", 31)
    clips = corpus.load(bad)
    assert [where for where, _ in clips.left_out] == ["broken.wav"]  # when the corpus is opened
    (bad / "gone.wav").unlink()  # and afterwards
    *_, last = evaluate.evaluate(clips, range(3), int8, GREEDY, tmp_path / "heard.csv")
    assert last.done == 1 and last.total == 3
    reasons = dict(last.left_out)
    assert "30 s" in reasons["long.wav"].en and "30 s" in reasons["long.wav"].fr
    assert "gone.wav" in reasons["gone.wav"].en and "gone.wav" in reasons["gone.wav"].fr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--corpus", "nowhere"], "no corpus 'nowhere'"),
        (["--corpus", "{folder}", "--split", "holdout"], "no split 'holdout': choose"),
        (["--corpus", "{folder}", "--limit", "0"], "ask for 1 at least"),
        (["--corpus", "{folder}", "--split", "all", "--model", "no/such"], "model"),
        (["--corpus", "{folder}", "--split", "all", "--engine", "vosk"], "no engine 'vosk'"),
        (["--corpus", "{folder}", "--split", "all", "--language", "xx"], "the language 'xx'"),
        (["--corpus", "{folder}", "--split", "all", "--output", "/proc/nowhere.csv"], "cannot be written"),
        (["--corpus", "{folder}", "--split", "all", "--output", "{output}", "--beam-size", "2"], "something else"),
    ],
)
def test_bad_input_is_one_sentence(arguments, said, folder, done, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    given = [argument.format(folder=folder, output=done[1]) for argument in arguments]
    before = done[1].read_bytes()
    assert main(["evaluate", *given]) == 2
    told = capsys.readouterr()
    (line,) = [line for line in told.err.splitlines() if line.startswith("trainer: ")]
    assert said in line and told.out == ""
    assert done[1].read_bytes() == before


def test_two_at_once_do_not_write_the_same_file(clips, int8, tmp_path):
    first = evaluate.evaluate(clips, range(4), int8, GREEDY, tmp_path / "heard.csv")
    next(first)
    with pytest.raises(UserError, match="Another process"):
        next(evaluate.evaluate(clips, range(4), int8, GREEDY, tmp_path / "heard.csv"))
    first.close()
    *_, last = evaluate.evaluate(clips, range(4), int8, GREEDY, tmp_path / "heard.csv")
    assert last.done == 4


def test_the_identity_follows_all_that_changes_a_text(clips, int8):
    same = evaluate.identity(clips, int8, Options())
    assert evaluate.identity(clips, int8, Options(batch_size=2)) == same
    others = [replace(Options(), **change) for change in ({"margin": None}, {"beam_size": 2}, {"hot_words": "Allô"})]
    keys = {evaluate.key(evaluate.identity(clips, int8, options)) for options in others}
    assert len(keys | {evaluate.key(same)}) == 4


def _silence(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(np.zeros(8000 * seconds, np.int16).tobytes())


def test_the_commands_defaults_are_those_of_decoding():
    asked = _parser().parse_args(["evaluate", "--corpus", "phone-prompts"])
    options = Options()
    assert (asked.batch_size, asked.beam_size) == (options.batch_size, options.beam_size)
    assert (asked.unsure_beam, asked.language) == (options.unsure_beam, options.language)
