"""`python -m linnaeus`: the command line, where the command itself is not on the path."""

from linnaeus.cli.main import main

main()
