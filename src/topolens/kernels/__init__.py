"""Typed doors to the compiled module; nothing else imports it."""
