"""`python main.py` is `lxt-inspector`."""

from inspector.command_line.cli import main

if __name__ == "__main__":
    main()
