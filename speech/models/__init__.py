"""Which model transcribes: base models, adapters, the embedded weights, conversions."""
