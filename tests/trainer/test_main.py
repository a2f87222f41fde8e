"""The command line of the trainer: light until a command runs, and the options that it documents."""

import subprocess
import sys
from pathlib import Path

import pytest

from trainer.__main__ import _parser, main

pytestmark = pytest.mark.fast
ROOT = Path(__file__).parents[2]


def test_the_command_line_imports_no_torch():
    code = "import sys, trainer.__main__ as m; m._parser(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize("command", ["train", "evaluate", "export", "publish", "submit"])
def test_each_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0 and f"python -m trainer {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--corpus", "phone-prompts"], "--output runs/NAME"),
        (["train", "--output", "{run}", "--preset", "best"], "no preset 'best'"),
        (["train", "--output", "{run}", "--set", "lr=1"], "no setting 'lr'"),
        (["train", "--output", "{run}", "--set", "strength=2"], "lora_scale is 2.0"),
    ],
)
def test_a_wrong_request_is_one_line_and_status_2(arguments, said, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert main([word.format(run=tmp_path / "run") for word in arguments]) == 2
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert line.startswith("trainer: ") and said in line and not printed.out and not (tmp_path / "run").exists()


def test_defaults_are_those_of_the_options():
    asked = _parser().parse_args(["evaluate", "--corpus", "phone-prompts"])
    assert (asked.split, asked.window, asked.language, asked.unit) == (None, "short", "fr", None)
