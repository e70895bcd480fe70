"""The words and the law of the mechanism. Standard library only; it looks at nobody."""
