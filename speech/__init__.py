"""Audio in, transcript out."""

import atexit
import gc
import os

# OpenMP's threads spin while they wait for one another. With two busy neighbours on two cores, as when several visitors
# are heard, 22 s of audio took 22 to 45 s; asleep while they wait, 4 to 5 s, and no more than before when alone. It is
# read when OpenMP is loaded, so it is set before any library.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# At its end Python looks once more through all that torch, transformers and peft have made, to give back what goes
# anyway: two of the ten seconds that a process takes to import them and end.
atexit.register(gc.freeze)
