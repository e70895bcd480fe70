"""What runs outside a request. Jobs call services and hold no rules."""
