"""The error that operations of the ABI raise; its value is one of those in `wit_world.imports.types`."""


class Err(Exception):
    def __init__(self, value):
        self.value = value
