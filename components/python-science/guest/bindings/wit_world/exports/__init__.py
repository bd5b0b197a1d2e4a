"""What the guest exports."""


class Run:
    """Told of the start and of events."""
