"""The vocabulary everything else is written in; numpy and the standard library only."""
