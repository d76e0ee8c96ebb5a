"""Models from their addresses, with weights; the zoo."""
