"""The program: `primum …`; and, started by the supervisor only, one of its children."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line, or the child that the supervisor asked for; return the exit status."""
    if len(sys.argv) == 5 and sys.argv[1] == "--child":  # noqa: PLR2004 (name and two descriptors)
        from primum.doors.cli import child  # noqa: PLC0415 (a child loads its own door and no other)

        return child.run(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    from primum.doors.cli import command  # noqa: PLC0415

    return command.run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
