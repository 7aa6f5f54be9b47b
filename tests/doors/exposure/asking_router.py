"""Run on a machine of the street: gathers hints, prints them as JSON."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from ipaddress import ip_address

from primum.exposure.probe.dialling import Dialler, Purpose
from primum.exposure.probe.gate import Gate
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.outside.gateways import default_gateways
from primum.exposure.probe.outside.gathering import gather


def main() -> None:
    """Ask the router as if it were ours."""
    log: list[Purpose] = []
    gateways = default_gateways()
    gate = Gate(is_own=lambda one: one in gateways, mandates=(), now=lambda: datetime.now(UTC))
    asking = Dialler(gate, LIMITS, log=log.append, deadline=time.monotonic() + 30)
    gathered = gather(asking, gateways, [ip_address(one) for one in sys.argv[1:]])
    told = [one.as_json() for one in gathered.hints]
    print(json.dumps({"hints": told, "asked": sorted({(one.address, one.port) for one in log})}))


if __name__ == "__main__":
    main()
