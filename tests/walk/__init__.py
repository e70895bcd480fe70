"""The permission walk: every route, asked by everybody about what is theirs and what is not."""
