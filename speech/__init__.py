"""Audio in, transcript out."""

import atexit
import gc
import os

from common import quiet

quiet.silence()  # before any library that it silences is imported

# OpenMP's threads spin while they wait for one another. With two busy neighbours on two cores, as when several visitors
# are heard, 22 s of audio took 22 to 45 s; asleep while they wait, 4 to 5 s, and no more than before when alone. It is
# read when OpenMP is loaded, so it is set before any library.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# oneDNN, which multiplies bfloat16, keeps what it prepared for the last 1024 shapes, and clips have all lengths: for an
# epoch of telephone prompts it took 1.3 GB more, and no less time. Read when torch is loaded.
for cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(cache, "32")

# While it imports torch, transformers and peft, Python looks again and again for what nobody needs among half a million
# objects that all stay, and once more at its end, when everything goes anyway: three of ten seconds.
gc.set_threshold(10_000)
atexit.register(gc.freeze)
