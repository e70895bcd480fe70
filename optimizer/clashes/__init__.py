"""Pins that cannot hold together: the fewest of them, and the limits that they meet."""
