"""What leaves by mail: its words, and the server that takes it."""
