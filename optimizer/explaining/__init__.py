"""Why a plan is as it is, what would change it, and what differs between two."""
