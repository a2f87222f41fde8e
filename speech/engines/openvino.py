"""OpenVINO's int8 encoder before CTranslate2's decoder: taken on a CPU where it was prepared."""

from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue

import ctranslate2
import numpy as np

from common.messages import Message
from speech.engines.ctranslate2 import CTranslate2Engine, stored
from speech.models.checkpoint import Choice
from speech.models.quantization import FILE, library

GROUP = 128  # states that are quantised together


class OpenVINOEngine(CTranslate2Engine):
    name = "openvino"

    def __init__(self, choice: Choice, converted: Path, encoder: Path, reason: Message, precision: str, threads: int):
        """`converted` is as CTranslate2's engine takes it; `encoder` holds the quantised encoder."""
        super().__init__(choice, converted, reason, "cpu", precision, threads)
        self._requests: Future[SimpleQueue] = self._crew.submit(_requests, encoder / FILE, self.workers)
        size = (encoder / FILE).with_suffix(".bin").stat().st_size
        self.memory, self.own_memory = self.memory + size, self.own_memory + size

    def encode(self, mel: np.ndarray) -> ctranslate2.StorageView:
        """Encodes item by item. CTranslate2 encodes what is urgent: it has a worker to spare for it."""
        if self.urgent:
            return super().encode(mel)
        waiting = self._requests.result()
        request = waiting.get()
        try:
            return stored(np.concatenate([_states(request, item) for item in mel]))
        finally:
            waiting.put(request)


def _requests(model: Path, streams: int) -> SimpleQueue:
    """As many inference requests as may run at once, with a thread for each."""
    threads = {"NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": streams, "ENABLE_CPU_PINNING": False}
    precision = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP}
    compiled = library().Core().compile_model(model, "CPU", threads | precision)
    requests = SimpleQueue()
    for _ in range(streams):
        requests.put(compiled.create_infer_request())
    return requests


def _states(request, mel: np.ndarray) -> np.ndarray:
    """(1, frames / 2, size) of mel (mels, frames); a copy, because the request keeps its own."""
    request.infer([np.ascontiguousarray(mel[None], np.float32)])
    return request.get_output_tensor(0).data.copy()
