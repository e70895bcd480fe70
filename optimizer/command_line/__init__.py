"""python -m optimizer: its commands, and what they print."""
