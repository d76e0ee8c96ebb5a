"""Model and data in, arrays on disk out; torch is imported only by the modules that run models."""
