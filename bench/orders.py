"""Order build + sign + body: ours against both official Python clients, as a user installs them and with coincurve."""

import argparse
import json

from harness import Ask, Side, compare, show, venv

CLIENTS = ("polymarket-client==0.14.0", "py-clob-client-v2==1.2.1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options = parser.parse_args()
    plain, fast = venv("clients", *CLIENTS), venv("clients-coincurve", *CLIENTS, "coincurve==21.0.0")
    sides = [
        Side("polybot", "orders_polybot.py"),
        Side("polymarket-client", "orders_polymarket_client.py", plain),
        Side("polymarket-client + coincurve", "orders_polymarket_client.py", fast),
        Side("py-clob-client-v2", "orders_py_clob_client.py", plain),
        Side("py-clob-client-v2 + coincurve", "orders_py_clob_client.py", fast),
    ]
    asks = [
        Ask(case, cold=cold, calls=30 if cold else 100) for case in ("Safe", "deposit wallet") for cold in (False, True)
    ]
    result = compare(sides, asks, rounds=options.rounds)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        show(result, command=f"python bench/orders.py --rounds {options.rounds}")


if __name__ == "__main__":
    main()
