"""What componentize-py makes of the interfaces of the ABI, for the module that has none: the same names and shapes, by hand."""
