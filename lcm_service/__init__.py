"""The service that runs the Light Coordination Mechanism."""
