"""What can be left out of a round, or apart, without losing its best plan."""
