"""The outermost package: HTTP and the command line."""
