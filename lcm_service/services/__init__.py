"""One function per button, and the only code that writes. The actor is always the first argument."""
