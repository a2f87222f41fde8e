"""What takes long to find out, found out once for all who ask, and not in the way of other questions."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Once(Generic[Found]):
    """The answers to the last `kept` questions. An error is raised to all who waited for it, and then forgotten."""

    def __init__(self, kept: int):
        self._kept = kept
        self._answers: OrderedDict[Hashable, Future[Found]] = OrderedDict()  # the last one asked for comes last
        self._lock = threading.Lock()  # of the dictionary: it is not held while an answer is found out

    def __call__(self, question: Hashable, find_out: Callable[[], Found]) -> Found:
        with self._lock:
            answer = self._answers.get(question)
            is_first = answer is None
            if is_first:
                answer = self._answers[question] = Future()
            self._answers.move_to_end(question)
            while len(self._answers) > self._kept:
                self._answers.popitem(last=False)
        if is_first:
            try:
                answer.set_result(find_out())
            except BaseException as error:
                with self._lock:
                    if self._answers.get(question) is answer:
                        del self._answers[question]
                answer.set_exception(error)
        return answer.result()
