"""The integer program of a round, as rows and as arrays, and the way from its values to a plan."""
