"""The plan of a training: which of its steps are evaluated."""

import pytest

from trainer.settings import Evaluation
from trainer.train.plan import TrainingPlan, _evaluation_steps


@pytest.mark.parametrize(
    ("steps", "evaluations", "after"),
    [
        (6, 2, [4, 6]),
        (208, 2, [156, 208]),
        (103, 3, [72, 90, 103]),
        (50, 5, [30, 35, 40, 45, 50]),
        (7, 2, [6, 7]),
        (2, 2, [2]),
        (1, 2, [1]),
        (10, 1, [10]),
    ],
)
def test_evaluations_are_spread_over_the_second_half(steps, evaluations, after):
    every, first = _evaluation_steps(Evaluation(evaluations=evaluations), steps, steps_an_epoch=5)
    assert TrainingPlan(steps, every, first, (0,), 100).evaluate_after == after


def test_without_a_number_each_epoch_is_evaluated():
    every, first = _evaluation_steps(Evaluation(evaluations=0), 12, steps_an_epoch=5)
    assert TrainingPlan(12, every, first, (0,), 100).evaluate_after == [5, 10, 12]
