"""Runs inside `.venv`: migrate, load the demo, collect static files, list the accounts, in one process instead of four.

Loading Django takes longer than most of these steps; the launcher's warm start would spend half its time on it.
"""

import os
import sys


def main(steps: list[str]) -> None:
    """Each step is a management command with its options, words separated by spaces."""
    sys.path.insert(0, os.getcwd())
    import django
    from django.core.management import call_command

    django.setup()
    for step in steps:
        command, *options = step.split()
        call_command(command, *options)
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
