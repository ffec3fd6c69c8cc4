"""The generated, fictional county of the demonstration."""
