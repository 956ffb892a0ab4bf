"""`python -m bench`: every benchmark, and one report."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from bench import frames, matching, orders, path, venue
from bench.harness import Result, machine, progress, show

Environments = Mapping[str, tuple[str, str]]
"""By benchmark: the baseline's interpreters, as installed and with coincurve."""


def measures(environments: Environments, *, quick: bool) -> dict[str, Callable[[], Result]]:
    rounds = 1 if quick else 9
    return {
        "orders": lambda: orders.run(*environments["orders"], rounds=rounds, samples=15 if quick else 100),
        "frames": lambda: frames.run(environments["path"][0], rounds=rounds, samples=6 if quick else 30),
        "path": lambda: path.run(*environments["path"], rounds=rounds, fills=5 if quick else 100),
        "matching": lambda: matching.run(rounds=rounds, orders=1_000 if quick else 10_000),
        "venue": lambda: venue.run(rounds=rounds, orders=200 if quick else 2_000),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="orders, frames, path, matching, venue (default: all)")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that all runs, not how fast")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write everything as one JSON object")
    options = parser.parse_args()
    known = measures({"orders": orders.clients(), "path": path.clients()}, quick=options.quick)
    if unknown := set(options.names) - set(known):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}: choose from {', '.join(known)}")
    report(options.names or list(known), known, json_path=options.json)


def report(names: list[str], known: Mapping[str, Callable[[], Result]], *, json_path: Path | None) -> None:
    """Runs, prints, and writes the JSON."""
    print(f"machine   {machine()}\ncommand   python -m bench {' '.join(sys.argv[1:])}".rstrip())
    results: dict[str, Result] = {}
    for name in names:
        progress(f"{name} ...")
        began_s = time.monotonic()
        results[name] = known[name]()
        progress(f"{name}: {time.monotonic() - began_s:.0f} s")
        show(name, results[name])
    if json_path:
        found = {name: asdict(result) for name, result in results.items()}
        json_path.write_text(json.dumps({"machine": machine(), "results": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
