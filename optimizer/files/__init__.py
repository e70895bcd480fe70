"""Files in and out: problems, plans, their canonical form, and the faults of both."""
