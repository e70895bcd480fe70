"""What the contract says of pairs, supports and objectives, before any program is built."""
