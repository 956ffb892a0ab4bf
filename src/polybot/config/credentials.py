"""Secrets that `polybot setup` needs besides the private key: the relayer's, and those in nodes' URLs.

Whatever is read here is registered, so that from then on no log and no error shows it.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from polybot.config.errors import ConfigError, Problem
from polybot.config.fields import node_urls
from polybot.config.loader import ENV_FILE, LoadedConfig
from polybot.config.models import YourAccount
from polybot.utils.redaction import redactor

_BASE64URL = re.compile(r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3}={0,2}|[A-Za-z0-9_-]{4})")
_LEAST_SECRET = 8
_LIKELY_SECRET = 16
"""Characters from which on a part of a URL's path is taken for a secret."""


@dataclass(frozen=True, slots=True)
class BuilderKey:
    key: SecretStr
    secret: SecretStr
    passphrase: SecretStr


def relayer_credentials(config: LoadedConfig) -> BuilderKey | SecretStr | None:
    """A builder key, else a relayer key, else None. ConfigError if a builder key is not complete or cannot be one."""
    account = config.accounts.your_account
    if account is None:
        return None
    names = (account.builder_key_env, account.builder_secret_env, account.builder_passphrase_env)
    found = [_secret(config, name) for name in names]
    if any(found):
        problems = [_missing(config, name, names) for name, value in zip(names, found, strict=True) if value is None]
        if problems:
            raise ConfigError(problems)
        key, secret, passphrase = (value or SecretStr("") for value in found)
        if not _BASE64URL.fullmatch(secret.get_secret_value()):
            remedy = f"Copy the builder key's secret again into {config.folder / ENV_FILE}"
            raise ConfigError([Problem("environment", account.builder_secret_env, "", "is not base64url text", remedy)])
        return BuilderKey(key, secret, passphrase)
    return _secret(config, account.relayer_key_env)


def relayer_remedy(account: YourAccount) -> str:
    """What to type where the relayer's credentials are missing."""
    builder = f"{account.builder_key_env}, {account.builder_secret_env}, {account.builder_passphrase_env}"
    return (
        f"set {builder} (a builder key), or {account.relayer_key_env} (a relayer key), in the environment or {ENV_FILE}"
    )


def rpc_urls(config: LoadedConfig) -> tuple[SecretStr, ...]:
    """Nodes to ask, in order; from the environment if it names some. ConfigError if one there is no URL."""
    endpoints = config.settings.endpoints
    named = config.environ.get(endpoints.rpc_env, "").strip()
    try:
        urls = node_urls(named) if named else endpoints.rpc
    except ValueError:
        what, remedy = (
            "is not a list of URLs",
            "Type URLs that start with http://, https://, ws:// or wss://, separated by spaces",
        )
        raise ConfigError([Problem("environment", endpoints.rpc_env, "", what, remedy)]) from None
    for url in urls:
        _hide_parts(url)
    return tuple(map(SecretStr, urls))


def _hide_parts(url: str) -> None:
    parts = urlsplit(url)
    tail = f"{parts.path}?{parts.query}" if parts.query else parts.path
    pieces = [piece for piece in parts.path.split("/") if len(piece) >= _LIKELY_SECRET]
    values = [value for _, value in parse_qsl(parts.query)]
    for secret in (tail, parts.username or "", parts.password or "", *values, *pieces):
        if len(secret) > _LEAST_SECRET:
            redactor.register(secret)


def _secret(config: LoadedConfig, name: str) -> SecretStr | None:
    text = config.environ.get(name, "").strip()
    if not text:
        return None
    if len(text) >= _LEAST_SECRET:
        redactor.register(text)
    return SecretStr(text)


def _missing(config: LoadedConfig, name: str, together: tuple[str, str, str]) -> Problem:
    others = " and ".join(other for other in together if other != name)
    remedy = f"Put it into {config.folder / ENV_FILE}, or remove the others"
    return Problem("environment", name, "", f"is not set, but belongs to {others}", remedy)
