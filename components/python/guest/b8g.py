"""What programs may ask of the engine that runs them: the module `b8g`."""

from _b8g.checkpoint import Checkpoint, checkpoint

__all__ = ["Checkpoint", "checkpoint"]
