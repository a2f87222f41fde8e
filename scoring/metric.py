"""The error rates as an `evaluate.Metric` that works without the Hub, where `evaluate.load("wer")` fetches a script."""

import datasets
import evaluate

from scoring.measures import normaliser_of, rates

DESCRIPTION = "Word and character error rates of French, in percent: sums of edits over sums of words or characters."
INPUTS = """
Args:
    predictions (`list` of `str`): the hypotheses.
    references (`list` of `str`): what was said.
Returns:
    `dict`: wer, cer (percent, None where no reference has a word), substitutions, deletions, insertions, words, and
    normaliser, the name under which they were counted.
"""


class WordErrorRate(evaluate.Metric):
    """`WordErrorRate("french").compute(predictions=[...], references=[...])`.

    `normaliser` is a key of scoring.measures.NORMALISERS; with "raw", wer / 100 is what the Hub's metric "wer" gives:
    (S + D + I) / (S + D + C), summed over the pairs. ValueError where there is no such normaliser.
    """

    def __init__(self, normaliser: str = "french", **settings):
        normaliser_of(normaliser)
        in_memory = settings.get("num_process", 1) == 1  # many processes meet in files
        super().__init__(config_name=normaliser, **{"keep_in_memory": in_memory} | settings)

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict:
        return rates(references, predictions, self.config_name)
