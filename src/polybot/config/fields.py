"""Field types of the models: money, addresses and names, parsed exactly from the text a person wrote."""

import re
from decimal import Decimal
from typing import Annotated, TypeAlias, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, PlainValidator, TypeAdapter

from polybot.config.targets import TargetRef, parse_target_ref
from polybot.core.ids import Wallet, parse_wallet
from polybot.core.money import Ratio, Usdc

_Q = TypeVar("_Q", Usdc, Ratio)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _exact(kind: type[_Q]) -> PlainValidator:
    def validate(value: object) -> _Q:
        if isinstance(value, kind):
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise ValueError("must be a number written out as text, so that no digit is lost")  # noqa: TRY004
        return kind.parse(str(value))

    return PlainValidator(validate)


def _within(least_micro: int, most_micro: int, sentence: str) -> AfterValidator:
    def validate(value: _Q) -> _Q:
        if not least_micro <= value.micro <= most_micro:
            raise ValueError(f"must be {sentence}")
        return value

    return AfterValidator(validate)


def _wallet(value: object) -> Wallet:
    return parse_wallet(str(value))


def _target_ref(value: object) -> TargetRef:
    return value if isinstance(value, TargetRef) else parse_target_ref(str(value))


def _env_name(value: str) -> str:
    if not _ENV_NAME.fullmatch(value):
        raise ValueError("must be the NAME of an environment variable, never the key itself")
    return value


def _url(*schemes: str) -> AfterValidator:
    def validate(value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in schemes or not url.hostname:
            raise ValueError(f"must be a URL that starts with {' or '.join(f'{s}://' for s in schemes)}")
        return value.rstrip("/")

    return AfterValidator(validate)


def _separated(value: object) -> object:
    """One text may name several, as an environment variable must."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def masked_url(url: str) -> str:
    """Scheme and host: path, query and user name of a node's URL often are a secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = parts.path in ("", "/") and not parts.query
    return f"{parts.scheme}://{host}{'' if bare else '/[hidden]'}"


def _masked(urls: tuple[str, ...]) -> list[str]:
    return [masked_url(url) for url in urls]


def _store_url(value: str) -> str:
    if not value.startswith("sqlite:///") or value in {"sqlite:///", "sqlite:///:memory:"}:
        raise ValueError("must be sqlite:///FILE; other databases are not built in this release")
    return value


_TEXT = PlainSerializer(str)
PositiveUsdc = Annotated[Usdc, _exact(Usdc), _within(1, 10**15, "above 0 and at most 1000000000"), _TEXT]
AnyUsdc = Annotated[Usdc, _exact(Usdc), _within(0, 10**15, "from 0 to 1000000000"), _TEXT]
CopyRatio = Annotated[Ratio, _exact(Ratio), _within(1, 10**8, "above 0 and at most 100"), _TEXT]
Tolerance = Annotated[Ratio, _exact(Ratio), _within(0, 10**6 - 1, "a fraction from 0 to below 1; 0.05 is 5 %"), _TEXT]
Address = Annotated[Wallet, PlainValidator(_wallet), _TEXT]
TargetReference = Annotated[TargetRef, PlainValidator(_target_ref), _TEXT]
EnvName = Annotated[str, AfterValidator(_env_name)]
HttpUrl = Annotated[str, _url("http", "https")]
StoreUrl = Annotated[str, AfterValidator(_store_url)]
SocketUrl = Annotated[str, _url("ws", "wss")]
NodeUrls: TypeAlias = Annotated[
    tuple[Annotated[str, _url("http", "https", "ws", "wss")], ...],
    BeforeValidator(_separated),
    PlainSerializer(_masked),
]
node_urls = TypeAdapter[tuple[str, ...]](NodeUrls).validate_python
"""From text or a list; ValueError, which may show them, if one is no node's URL."""
