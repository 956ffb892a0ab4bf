"""Two targets that are one trader, or share one name: found in the raw file, so that other faults hide nothing."""

from polybot.config.errors import Problem
from polybot.config.problems import dotted, safe_value
from polybot.config.targets import parse_target_ref
from polybot.config.yaml_text import Document, KeyPath, Tree


def twin_targets(document: Document, file: str) -> list[Problem]:
    """One problem for every target whose name or wallet an earlier one has."""
    targets = document.tree.get("targets") if isinstance(document.tree, dict) else None
    seen: dict[tuple[str, str], int] = {}
    problems: list[Problem] = []
    for number, target in enumerate(targets if isinstance(targets, list) else []):
        for key, identity in _identities(target):
            first = seen.setdefault((key, identity), number)
            if first != number:
                problems.append(_problem(document, file, ("targets", number, key), target, first))
    return problems


def _identities(target: Tree) -> list[tuple[str, str]]:
    if not isinstance(target, dict):
        return []
    found = [(key, value) for key in ("name", "wallet") if isinstance(value := target.get(key), str)]
    return [(key, _identity(key, value)) for key, value in found]


def _identity(key: str, value: str) -> str:
    if key == "name":
        return value.casefold()
    try:
        ref = parse_target_ref(value)
    except ValueError:
        return value
    return ref.address or str(ref.user_name).casefold()


def _problem(document: Document, file: str, path: KeyPath, target: Tree, first: int) -> Problem:
    key = str(path[-1])
    value = target[key] if isinstance(target, dict) else None
    return Problem(
        f"{file}:{document.line(path)}",
        dotted(path),
        safe_value(key, value),
        f"targets[{first}] has this {key} already",
        "Keep one of them" if key == "wallet" else "Give each trader a name of its own",
    )
