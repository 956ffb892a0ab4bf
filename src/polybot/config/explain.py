"""Every key of a configuration with its value, origin, default and effect."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from polybot.config.fields import masked_url
from polybot.config.loader import LoadedConfig, Origin
from polybot.config.models import Accounts, Settings, Target
from polybot.config.problems import dotted, model_in, safe_value
from polybot.config.yaml_text import KeyPath

DEFAULT = Origin("default")


@dataclass(frozen=True, slots=True)
class ExplainedKey:
    """One key; `value` and `default` as YAML would write them, secrets hidden. `default` None: must be given."""

    key: str
    value: str
    origin: Origin
    default: str | None
    effect: str


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that a file may hold; list members are written as targets[]."""

    file: str
    key: str
    default: str | None
    effect: str


def explain(config: LoadedConfig, prefix: str = "") -> list[ExplainedKey]:
    """Keys equal to or beneath `prefix`, in the models' order."""
    explained = [*_values(config.accounts, (), config), *_values(config.settings, (), config)]
    return [
        key for key in explained if not prefix or key.key == prefix or key.key.startswith((f"{prefix}.", f"{prefix}["))
    ]


def known_keys() -> list[KnownKey]:
    """Everything that may be configured, in the models' order."""
    return [*_known("accounts.yaml", Accounts, ""), *_known("settings.yaml", Settings, "")]


def _values(model: BaseModel, path: KeyPath, config: LoadedConfig) -> Iterator[ExplainedKey]:
    for name, field in type(model).model_fields.items():
        here, value = (*path, name), getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _values(value, here, config)
        elif isinstance(value, tuple) and model_in(field.annotation):
            for number, item in enumerate(value):
                yield from _values(item, (*here, number), config)
        else:
            default = None if field.is_required() else _shown(name, field.default)
            yield ExplainedKey(
                dotted(here), _shown(name, value), _origin(here, config), default, field.description or ""
            )


def _origin(path: KeyPath, config: LoadedConfig) -> Origin:
    key = dotted(path)
    alias = key.replace("proxy_wallet", "funder")
    return config.origins.get(key) or config.origins.get(alias) or DEFAULT


def _known(file: str, model: type[BaseModel], prefix: str) -> Iterator[KnownKey]:
    for name, field in model.model_fields.items():
        inner = model_in(field.annotation)
        if inner is None:
            default = None if field.is_required() else _shown(name, field.default)
            yield KnownKey(file, prefix + name, default, field.description or "")
        else:
            yield from _known(file, inner, f"{prefix}{name}{'[]' if inner is Target else ''}.")


def _shown(name: str, value: object) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, tuple):
        return ", ".join(map(masked_url, value))
    text = f"{value:g}" if isinstance(value, float) else str(value)
    shown = safe_value("" if name.endswith("_env") else name, text)
    return shown if shown.startswith("[") else shown[1:-1]
