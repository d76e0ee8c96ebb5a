"""From a source of data to samples laid out for a model."""
