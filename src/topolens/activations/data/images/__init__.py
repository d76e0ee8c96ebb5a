"""Images: decoded safely, brought to one size, read when they are asked for."""
