"""Recordings written again as WAV."""

import subprocess
import wave

from speech.audio.rewrite import rewrite


def test_hours_of_sound_are_rewritten_block_by_block(tmp_path):
    source, blocks = tmp_path / "long.wav", []
    subprocess.run(["sox", "-n", "-r", "8000", "-c", "2", source, "synth", "150", "sine", "300"], check=True)

    def change(start, block, rate):
        blocks.append((start, block.shape[1]))
        return block

    with wave.open(str(rewrite(source, tmp_path / "out.wav", change))) as file:
        assert file.getnchannels() == 2 and file.getnframes() == 150 * file.getframerate() == 150 * 8000
    assert len(blocks) > 2 and blocks[1][0] == blocks[0][1] / 8000
