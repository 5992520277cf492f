"""What the site promises, tried: each drill prints its figures and fails where a promise breaks."""

import sys


def number_asked(default: int, least: int) -> int:
    """Give the number that the command line asks for, or the default; end where it is none."""
    given = sys.argv[1] if len(sys.argv) > 1 else ""
    if not given:  # so `make drill-…` passes what was not said
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 9 and int(given) >= least):
        sys.exit(f"{given} is no number here: give one from {least}, or none for {default}.")
    return int(given)
