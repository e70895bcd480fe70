"""The same round under several policies, side by side."""
