"""Tables, named reads, `transaction` and migrations. No rules live here."""
