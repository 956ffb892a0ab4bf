"""Order build + sign + body: ours against both official Python clients, as a user installs them and with coincurve."""

from bench.harness import CLIENT, COINCURVE, OLD_CLIENT, Ask, Result, Side, compare, venv

CASES = ("Safe", "deposit wallet")


def clients() -> tuple[str, str]:
    """Interpreters with the official clients: as installed, and with coincurve."""
    return venv("clients", CLIENT, OLD_CLIENT), venv("clients-coincurve", CLIENT, OLD_CLIENT, COINCURVE)


def run(plain: str, fast: str, *, rounds: int, samples: int = 100) -> Result:
    """`plain`, `fast`: see `clients`."""
    sides = [
        Side("polybot", "orders_polybot"),
        Side("polymarket-client", "orders_polymarket_client", plain),
        Side("polymarket-client + coincurve", "orders_polymarket_client", fast),
        Side("py-clob-client-v2", "orders_py_clob_client", plain),
        Side("py-clob-client-v2 + coincurve", "orders_py_clob_client", fast),
    ]
    cold_samples = max(1, samples // 3)
    asks = [Ask(case, cold=cold, samples=cold_samples if cold else samples) for case in CASES for cold in (False, True)]
    return compare(sides, asks, rounds=rounds)
