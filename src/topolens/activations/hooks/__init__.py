"""Run a model and keep what chosen layers say, pooled on the spot."""
