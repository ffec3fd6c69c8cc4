"""python -m api.cli: the command without its script."""

from api.cli import main

main()
