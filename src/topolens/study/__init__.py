"""Many models, layers and seeds in one run: the study file, its plan, its results."""
