"""What the model is shown: one start token, the text and nothing else to learn, and windows as they were asked."""

import csv
import wave
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers.models.whisper.modeling_whisper import shift_tokens_right

import corpus
from common.messages import UserError
from corpus.prompts import prompts
from speech.audio.decode import SAMPLE_RATE, read
from trainer.data import held_out_prompts, kinds
from trainer.data.augment import SPEEDS, telephone_line, without_speech
from trainer.data.batches import Batches, Loader, Place
from trainer.data.examples import IGNORED, Examples
from trainer.data.splits import splits_of
from trainer.presets import PRESETS

QUICK, SEED = PRESETS["quick"], PRESETS["seed"]
PLAIN = QUICK.with_values(timestamps=0.0, stitched_share=0.0, silence_share=0.0, replay_share=0.0, spec_augment=0.0)
PLAIN = PLAIN.with_values(speed_probability=0.0, delay_probability=0.0, full_share=0.0)


def made(folder: Path, rows: list[dict]) -> corpus.Corpus:
    """A corpus of telephone prompts, a row for each, with the columns that are given."""
    for number, (row, prompt) in enumerate(zip(rows, chosen(len(rows)), strict=True)):
        row.setdefault("file_name", f"{number}.wav")
        row.setdefault("text", prompt.text)
        (folder / row["file_name"]).write_bytes(prompt.path.read_bytes())
    with (folder / "metadata.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return corpus.load(folder)


def chosen(count: int) -> list:
    found = [prompt for prompt in prompts(at_least=1.0) if prompt.seconds < 5.0][::3][:count]
    assert len(found) == count
    return found


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> corpus.Corpus:
    """60 prompts of one to five seconds in six calls."""
    rows = [{"call": f"call-{number // 10}", "split": "train"} for number in range(60)]
    rows[-1]["split"] = "validation"
    return made(tmp_path_factory.mktemp("corpus"), rows)


@pytest.fixture(scope="module")
def engine(int8):
    """Any engine knows the words and the mel; the weights are not used here."""
    return int8


@pytest.fixture(scope="module")
def shown(clips, engine):
    """Makes the examples that some settings make of the corpus."""
    return lambda settings: Examples(clips, range(len(clips)), engine, settings)


def batch(examples: Examples, numbers=range(8), epoch: int = 0) -> dict[str, torch.Tensor]:
    frames = max(examples.plan(epoch, number).frames for number in numbers)
    return examples.collate([examples[Place(epoch, number, frames)] for number in numbers])


def words(engine, ids) -> str:
    return engine.tokenizer.decode([i for i in ids.tolist() if 0 <= i < engine.generation.eos_token_id]).strip()


@pytest.mark.parametrize("settings", [SEED, QUICK, PLAIN], ids=["seed", "quick", "plain"])
def test_exactly_one_start_token_comes_to_the_decoder(shown, engine, settings):
    given = batch(shown(settings), range(24))
    start = engine.generation.decoder_start_token_id
    assert (given["decoder_input_ids"] == start).sum(1).tolist() == [1] * 24
    assert not (given["labels"] == start).any()
    assert (given["labels"] == engine.generation.eos_token_id).sum(1).tolist() == [1] * 24


def test_the_seed_is_what_transformers_would_make_of_the_labels(shown, engine):
    given = batch(shown(SEED))
    start = engine.generation.decoder_start_token_id
    shifted = shift_tokens_right(given["labels"], engine.generation.pad_token_id, start)
    seen = given["labels"] != IGNORED
    assert torch.equal(given["decoder_input_ids"][seen], shifted[seen])


def test_the_seed_learns_what_the_tokenizer_writes(shown, clips, engine):
    """The notebook's labels: the tokenizer's own, less the start token that the model puts before them itself."""
    engine.tokenizer.set_prefix_tokens(language="french", task="transcribe", predict_timestamps=False)
    for number, labels in enumerate(batch(shown(SEED))["labels"]):
        written = engine.tokenizer(clips.rows["text"][number]).input_ids
        assert labels[labels != IGNORED].tolist() == written[1:]


def test_what_is_always_given_is_not_learned(shown, engine, clips):
    given = batch(shown(PLAIN))
    for number, (inputs, labels) in enumerate(zip(given["decoder_input_ids"], given["labels"], strict=True)):
        names = engine.tokenizer.convert_ids_to_tokens(inputs[:4].tolist())
        assert names == ["<|startoftranscript|>", "<|fr|>", "<|transcribe|>", "<|notimestamps|>"]
        assert labels[:3].tolist() == [IGNORED] * 3 and labels[3] != IGNORED
        assert words(engine, labels) == clips.rows["text"][number]


def test_nothing_is_learned_from_padding(shown, engine):
    given = batch(shown(PLAIN))
    ends = (given["labels"] == engine.generation.eos_token_id).int().argmax(1)
    assert len(set(ends.tolist())) > 1
    for labels, end in zip(given["labels"], ends, strict=True):
        assert (labels[end + 1 :] == IGNORED).all()


def test_times_are_those_of_the_clip(shown, engine, clips):
    given = batch(shown(PLAIN.with_values(timestamps=1.0)))
    for number, labels in enumerate(given["labels"]):
        learned = labels[labels != IGNORED].tolist()
        begin, end = learned[0] - engine.timestamp_begin, learned[-2] - engine.timestamp_begin
        assert begin == 0 and end * 0.02 == pytest.approx(clips.rows["seconds"][number], abs=0.02)
        assert words(engine, labels) == clips.rows["text"][number]


def test_a_paced_clip_is_as_much_shorter_or_longer_as_its_times(shown, engine, clips):
    examples, paces = shown(PLAIN.with_values(speed_probability=0.5, timestamps=1.0)), Counter()
    for number in range(60):
        plan = examples.plan(0, number)
        example = examples[Place(0, number, plan.frames)]
        seconds = len(example.waveform) / SAMPLE_RATE
        assert seconds == pytest.approx(clips.rows["seconds"][number] / plan.speed, abs=0.001)
        assert plan.frames >= (seconds + QUICK.data.margin_least) * 100 - 0.1
        assert (example.text[-2] - engine.timestamp_begin) * 0.02 == pytest.approx(seconds, abs=0.02)
        paces[plan.speed] += 1
    assert set(paces) == {1.0, *SPEEDS} and 15 < paces[1.0] < 45


def test_a_faster_clip_is_higher(shown, monkeypatch):
    tone = np.sin(2 * np.pi * 400 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    examples = shown(PLAIN.with_values(speed_probability=1.0))
    monkeypatch.setattr(examples, "waveform", lambda _: tone)
    plan = examples.plan(0, 0)
    decoded = examples[Place(0, 0, plan.frames)].waveform
    assert decoded.dtype == np.float32
    assert np.abs(np.fft.rfft(decoded, SAMPLE_RATE)).argmax() == pytest.approx(400 * plan.speed, abs=2)


def test_a_clip_that_fills_the_window_keeps_its_pace(shown, monkeypatch):
    examples = shown(PLAIN.with_values(speed_probability=1.0))
    for seconds, paced in ((26.9, True), (27.1, False), (30.0, False)):
        monkeypatch.setattr(examples, "seconds", {0: seconds})
        plan = examples.plan(0, 0)
        assert (plan.speed != 1.0) == paced and plan.frames <= 3000


def test_a_late_clip_comes_after_silence_and_so_do_its_times(shown, engine, clips):
    examples, starts = shown(PLAIN.with_values(delay_probability=0.5, timestamps=1.0)), []
    for number in range(60):
        plan = examples.plan(0, number)
        example = examples[Place(0, number, plan.frames)]
        start = len(example.waveform) / SAMPLE_RATE - clips.rows["seconds"][number]
        begins, ends = ((token - engine.timestamp_begin) * 0.02 for token in (example.text[0], example.text[-2]))
        assert begins == pytest.approx(start, abs=0.02)
        assert ends == pytest.approx(len(example.waveform) / SAMPLE_RATE, abs=0.02)
        assert not example.waveform[: round(start * SAMPLE_RATE)].any()
        assert len(example.waveform) / SAMPLE_RATE + QUICK.data.margin_least <= plan.frames / 100 + 0.001
        starts.append(start)
    assert 10 < sum(start > 0.02 for start in starts) < 45 and 0.3 < max(starts) <= 0.501


def test_a_share_of_the_clips_comes_with_times(shown, engine):
    plain = engine.tokenizer.convert_tokens_to_ids("<|notimestamps|>")
    given = batch(shown(PLAIN.with_values(timestamps=0.5)), range(60))["decoder_input_ids"]
    assert 15 < (given[:, 3] == plain).sum() < 45


def test_a_long_clip_has_no_times(shown, engine, clips, monkeypatch):
    """Its sentences have times of their own, which nobody knows."""
    monkeypatch.setattr(kinds, "LONGEST_TIMED", 2.0)
    given = batch(shown(PLAIN.with_values(timestamps=1.0)), range(60))
    timed = ((given["labels"] >= engine.timestamp_begin) & (given["labels"] != IGNORED)).any(1)
    long = torch.tensor([clips.rows["seconds"][number] > 2.0 for number in range(60)])
    assert 0 < long.sum() < 60 and torch.equal(timed, ~long)


def test_a_window_is_the_clip_and_a_margin_that_is_drawn(shown, clips):
    examples = shown(PLAIN.with_values(margin_least=0.5, margin_most=1.5))
    margins = [
        examples.plan(epoch, number).frames / 100 - clips.rows["seconds"][number]
        for epoch in range(5)
        for number in range(60)
    ]
    assert 0.5 <= min(margins) < 0.6 and 1.4 < max(margins) <= 1.58
    assert all(examples.plan(0, number).frames % 8 == 0 for number in range(60))


def test_the_full_window_has_its_share(shown):
    def full(settings):
        return sum(shown(settings).plan(0, number).frames == 3000 for number in range(60))

    assert full(SEED) == 60 and full(PLAIN) == 0 and 5 < full(PLAIN.with_values(full_share=0.3)) < 35


def test_a_batch_has_the_window_of_its_longest(shown):
    examples = shown(PLAIN)
    longest = max(examples.plan(0, number).frames for number in range(8))
    assert batch(examples)["input_features"].shape == (8, 80, longest)


def test_the_mel_is_the_full_windows_own(shown):
    """A short window shows the same frames as the full one."""
    short, full = (batch(shown(settings), [0])["input_features"][0] for settings in (PLAIN, SEED))
    seen = short.shape[1] - 20  # the last frames see beyond the window's end
    assert torch.allclose(short[:, :seen], full[:, :seen], atol=1e-4)


def test_the_same_epoch_shows_the_same_and_another_one_does_not(shown):
    settings = QUICK.with_values(silence_share=0.2, stitched_share=0.2, telephone_probability=0.5)
    one, again, other = (batch(shown(settings), range(12), epoch) for epoch in (3, 3, 4))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert one["input_features"].shape != other["input_features"].shape or not torch.equal(
        one["input_features"], other["input_features"]
    )


def test_stitched_windows_are_turns_of_one_call_with_their_times(shown, engine, clips):
    examples = shown(PLAIN.with_values(stitched_share=1.0))
    told_before = 0
    for number in range(0, 59):
        plan = examples.plan(0, number)
        assert (plan.kind, plan.frames) == ("stitched", 3000)
        example = examples[Place(0, number, plan.frames)]
        assert len(example.waveform) <= 30 * SAMPLE_RATE
        assert len(example.prompt) + len(example.text) <= 448
        times = [i - engine.timestamp_begin for i in example.text if i >= engine.timestamp_begin]
        assert times == sorted(times) and len(times) % 2 == 0 and times[0] == 0
        turns = [clips.rows["text"][i] for i in range(number, number // 10 * 10 + 10)][: len(times) // 2]
        assert " ".join(words(engine, torch.tensor(example.text)).split()) == " ".join(" ".join(turns).split())
        told_before += example.prompt[0] == engine.generation.prev_sot_token_id
    assert 15 < told_before < 45


def test_where_there_are_no_calls_nothing_is_stitched(engine, tmp_path):
    clips = made(tmp_path, [{"split": "train"} for _ in range(10)])
    examples = Examples(clips, range(10), engine, PLAIN.with_values(stitched_share=1.0))
    assert {examples.plan(0, number).kind for number in range(10)} == {"clip"}


def test_silence_has_no_text(shown, engine):
    given = batch(shown(PLAIN.with_values(silence_share=1.0, timestamps=0.5)), range(20))
    for labels in given["labels"]:
        learned = labels[labels != IGNORED].tolist()
        assert learned in ([engine.generation.eos_token_id], [engine.timestamp_begin, engine.generation.eos_token_id])
    kinds = [without_speech(16000, np.random.default_rng(seed)) for seed in range(30)]
    assert any(not sound.any() for sound in kinds) and any(sound.any() for sound in kinds)
    assert all(sound.dtype == np.float32 and abs(sound).max() < 1 for sound in kinds)


def test_what_is_kept_is_in_another_language_or_to_be_translated(shown, engine):
    examples, asked = shown(PLAIN.with_values(replay_share=1.0)), Counter()
    for number in range(60):
        plan, example = examples.plan(0, number), examples[Place(0, number, 0)]
        _, language, task, _ = (name.strip("<|>") for name in engine.tokenizer.convert_ids_to_tokens(example.prompt))
        text = examples.texts[number]
        if plan.replay_clip is not None:
            other = examples.replay_clips[plan.replay_clip]
            text = other.text
            assert np.array_equal(example.waveform, read(other.path).waveform[0])
            assert len(example.waveform) == round(other.seconds * SAMPLE_RATE)  # by which its window was drawn
            assert (language, task) == (other.language, "transcribe")
        asked[language, task, plan.replay_clip is None] += 1
        assert example.replayed and example.text == [*text, examples.end]
        assert plan.frames == example.frames >= (len(example.waveform) / SAMPLE_RATE + 4) * 100
    assert asked["fr", "translate", True] > 0 and not asked["fr", "transcribe", True]
    assert sum(not own for *_, own in asked.elements()) > 30 or not examples.replay_clips
    assert batch(examples)["replayed"].all() and not batch(shown(PLAIN))["replayed"].any()


def test_where_no_other_language_is_spoken_the_corpus_stands_in(shown, monkeypatch, tmp_path):
    monkeypatch.setattr(held_out_prompts, "SOUNDS", tmp_path)
    examples = shown(PLAIN.with_values(replay_share=1.0))
    assert not examples.replay_clips and all(examples.plan(0, number).replay_clip is None for number in range(60))
    assert batch(examples)["replayed"].all()


def test_masks_blank_a_part_of_the_clip_and_no_more(shown):
    plain, masked = (batch(shown(PLAIN.with_values(spec_augment=strength)), range(30)) for strength in (0.0, 1.0))
    changed = (plain["input_features"] != masked["input_features"]).float().mean((1, 2))
    assert 0.02 < changed.mean() < 0.5 and (changed > 0).float().mean() > 0.8


def test_a_telephone_line_is_narrow():
    random = np.random.default_rng(0)
    noise = random.standard_normal(SAMPLE_RATE).astype(np.float32) / 4
    decoded = telephone_line(noise, random)
    power = np.abs(np.fft.rfft(decoded)) ** 2
    assert decoded.dtype == np.float32 and len(decoded) == len(noise)
    assert power[4200:].sum() < 0.02 * power.sum() and power[:100].sum() < 0.02 * power.sum()


def test_an_epoch_shows_each_clip_once(shown):
    batches = Batches(shown(QUICK))
    for epoch in (0, 1):
        batches.set_epoch(epoch)
        found = list(batches)
        assert len(found) == len(batches) == 8
        assert Counter(place.number for batch in found for place in batch) == Counter(range(60))
        assert {place.epoch for batch in found for place in batch} == {epoch}


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_processes_share_the_same_batches(shown, parts):
    """Step by step the clips of all processes together are those of one process."""
    alone = [set(batch) for batch in Batches(shown(QUICK))]
    shares = [list(Batches(shown(QUICK), parts, part)) for part in range(parts)]
    for batch, *pieces in zip(alone, *shares, strict=True):
        assert all(pieces) and {place for piece in pieces for place in piece} == batch


def test_a_batch_holds_clips_of_like_length(shown):
    examples = shown(PLAIN)

    least = sum(examples.plan(0, number).frames for number in range(60))
    paid = sum(place.frames for batch in Batches(examples) for place in batch)
    assert least < paid < 1.25 * least
    assert len({place.frames for batch in Batches(examples) for place in batch}) > 5


def test_the_loader_goes_on_in_the_middle_of_an_epoch(shown):
    from accelerate import skip_first_batches

    examples = shown(QUICK)
    loader = Loader(examples, batch_sampler=Batches(examples), collate_fn=examples.collate)
    loader.set_epoch(2)
    whole = [given["labels"] for given in loader]
    rest = skip_first_batches(Loader(examples, batch_sampler=Batches(examples), collate_fn=examples.collate), 5)
    rest.batch_sampler.batch_sampler.set_epoch(2)
    assert [given["labels"].tolist() for given in rest] == [labels.tolist() for labels in whole[5:]]


def test_what_cannot_be_shown_is_left_out_and_counted(engine, tmp_path):
    rows = [{"split": "train", "text": "oui"}, {"split": "train", "text": "mot " * 500}, {"split": "train"}]
    rows[2]["text"] = "trop long"
    clips = made(tmp_path, rows)
    _silence(tmp_path / "2.wav", 31)
    clips = corpus.load(tmp_path)
    examples = Examples(clips, range(3), engine, QUICK)
    assert len(examples) == 1
    (over_tokens, why), (over_seconds, why_else) = examples.left_out
    assert (over_tokens, over_seconds) == ("1.wav", "2.wav")
    assert "448" in why.en and "448" in why.fr and "30 s" in why_else.en and "30 s" in why_else.fr


def test_a_clip_that_cannot_be_read_gives_its_place_to_the_next(engine, tmp_path, capsys):
    rows = [{"split": "train", "text": text, "seconds": "2"} for text in ("un", "deux", "trois")]
    clips = made(tmp_path, rows)
    (tmp_path / "1.wav").write_bytes(b"RIFF and nothing more")
    examples = Examples(clips, range(3), engine, PLAIN)
    assert [words(engine, labels) for labels in batch(examples, range(3))["labels"]] == ["un", "trois", "trois"]
    batch(examples, range(3), epoch=1)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_test_split_is_never_learned_from(engine):
    clips = corpus.load("phone-prompts")
    parts = splits_of(clips, "fr")
    splits = clips.rows["split"]
    assert parts.test == splits.index[splits == "test"].tolist()
    assert not set(parts.test) & {*parts.train, *parts.validation} and not set(parts.train) & set(parts.validation)


def test_validation_is_carved_out_of_train_by_calls(tmp_path):
    rows = [{"call": f"call-{number % 20}", "split": "test" if number % 20 == 0 else "train"} for number in range(60)]
    clips = made(tmp_path, rows)
    parts = splits_of(clips, "fr")
    calls = clips.rows["call"]
    assert parts.validation and parts.counts["test"] == 3
    assert not {calls[i] for i in parts.validation} & {calls[i] for i in [*parts.train, *parts.test]}


def test_of_two_calls_one_is_to_judge_by(tmp_path):
    rows = [{"call": "long" if number < 6 else "short", "split": "train"} for number in range(9)]
    rows[0]["split"] = "test"
    parts = splits_of(made(tmp_path, rows), "fr")
    assert parts.counts == {"train": 5, "validation": 3, "test": 1}


def test_a_smaller_share_is_part_of_a_larger_one_and_divides_no_call(tmp_path):
    rows = [{"call": f"call-{number % 12}", "split": "train"} for number in range(60)]
    rows += [{"call": name, "split": name} for name in ("validation", "test")]
    clips = made(tmp_path, rows)
    calls, whole = clips.rows["call"], splits_of(clips, "fr")
    parts = [splits_of(clips, "fr", share) for share in (0.01, 0.25, 0.5, 1.0)]
    assert [len(part.train) for part in parts] == [5, 15, 30, 60]
    for smaller, larger in pairwise(parts):
        assert set(smaller.train) < set(larger.train) and larger.test == smaller.test == whole.test
        assert not {calls[i] for i in smaller.train} & {calls[i] for i in set(larger.train) - set(smaller.train)}
    assert parts[1] == splits_of(clips, "fr", 0.25) and parts[-1] == whole


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"split": "test"}] * 3, "no clips to train on"),
        ([{"split": "train"}, {"split": "test"}], "no clips to choose the best adapter by"),
        (
            [{"split": "train", "call": "one"}, {"split": "train", "call": "one"}, {"split": "test", "call": "two"}],
            "no clips to choose the best adapter by",
        ),
        ([{"split": "train", "language": "it"}, {"split": "test", "language": "it"}], "another language (it)"),
    ],
)
def test_what_cannot_be_divided_is_refused(tmp_path, rows, said):
    clips = made(tmp_path, [dict(row) for row in rows])
    with pytest.raises(UserError) as refused:
        splits_of(clips, "fr")
    assert said in refused.value.message.en and "\n" not in refused.value.message.en


@pytest.mark.parametrize("name", ["fr", "fr-CA", "French", "fra", "french_quebec", "FR"])
def test_a_language_has_many_names(tmp_path, name):
    rows = [{"split": split, "language": name} for split in ("train", "validation", "test")]
    assert splits_of(made(tmp_path, rows), "fr").foreign == 0


def test_rows_of_other_languages_are_set_aside(tmp_path):
    rows = [{"split": "train", "language": "fr" if number % 2 else "en"} for number in range(10)]
    rows += [{"split": "validation", "language": "fr"}]
    parts = splits_of(made(tmp_path, rows), "fr")
    assert (parts.foreign, parts.counts) == (5, {"train": 5, "validation": 1, "test": 0})


def _silence(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(np.zeros(8000 * seconds, np.int16).tobytes())
