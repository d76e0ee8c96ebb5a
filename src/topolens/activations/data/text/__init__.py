"""Text in front of a model: tables of sentences, tokenizers, and token ids with their mask."""
