"""Endpoints and paths from the environment: POLYBOT__ENDPOINTS__CLOB=http://localhost:1234."""

from collections.abc import Mapping

from polybot.config.errors import Problem
from polybot.config.models import Endpoints, Logging, Section, Storage
from polybot.config.problems import suggest
from polybot.config.yaml_text import KeyPath, Tree

PREFIX = "POLYBOT__"
_OVERRIDABLE: Mapping[str, type[Section]] = {"endpoints": Endpoints, "logging": Logging, "storage": Storage}


def variable(path: KeyPath) -> str:
    """The variable that overrides the key at `path`."""
    return PREFIX + "__".join(str(part).upper() for part in path)


def apply_overrides(tree: Tree, environ: Mapping[str, str]) -> tuple[Tree, set[KeyPath], list[Problem]]:
    """The settings with the variables laid over them, the keys they set, and the variables that fit no key."""
    known = {variable((name, key)): (name, key) for name, model in _OVERRIDABLE.items() for key in model.model_fields}
    named = {name for name in environ if name.startswith(PREFIX)}
    problems = [
        Problem("environment", name, "", "overrides nothing", suggest(name, set(known)))
        for name in sorted(named - known.keys())
    ]
    if not isinstance(tree, dict):
        return tree, set(), problems
    result, paths = dict(tree), {known[name] for name in named & known.keys()}
    for section, key in paths:
        old = result.get(section) or {}
        result[section] = {**old, key: environ[variable((section, key))]} if isinstance(old, dict) else old
    return result, set(paths), problems
