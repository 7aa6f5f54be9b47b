"""Run on the street's home: enrols the first person of a Primum that runs there, prints who it is."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.running import RunningPrimum


def main() -> None:
    """Enrol, by the page's own forms."""
    home, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    running = RunningPrimum(home, settings=settings)
    running._said_before = 0
    person = running.enrol_first_person()
    print(json.dumps(asdict(person)))


if __name__ == "__main__":
    main()
