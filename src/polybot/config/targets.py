"""How a person names a trader: an address, a profile page or a user name."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from polybot.core.ids import Wallet, parse_wallet

_USER_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_GIVEN_NAME = re.compile(r"0x[0-9a-fA-F]{40}-\d+")
"""The user name Polymarket gives to whoever chose none: an address and a number."""
_HOSTS = frozenset({"polymarket.com", "www.polymarket.com"})
_FORMS = "give an address (0x and 40 hex digits), a profile like https://polymarket.com/@name, or a user name"


@dataclass(frozen=True, slots=True)
class TargetRef:
    """`text` as written, and exactly one of `address` (known offline) or `user_name` (to be looked up)."""

    text: str
    address: Wallet | None
    user_name: str | None

    def __str__(self) -> str:
        return self.text


def parse_target_ref(text: str) -> TargetRef:
    """ValueError, with the accepted forms, if `text` names no trader."""
    text = text.strip()
    subject = _profile_subject(text) if "/" in text else text
    if subject[:2].lower() == "0x" and not _GIVEN_NAME.fullmatch(subject):
        return TargetRef(text, address=parse_wallet("0x" + subject[2:]), user_name=None)
    name = subject.removeprefix("@")
    if not _USER_NAME.fullmatch(name):
        raise ValueError(f"names no trader; {_FORMS}")
    return TargetRef(text, address=None, user_name=name)


def _profile_subject(text: str) -> str:
    url = urlsplit(text if "://" in text else f"https://{text}")
    if (url.hostname or "").lower() not in _HOSTS:
        raise ValueError(f"is not a page of polymarket.com; {_FORMS}")
    match url.path.strip("/").split("/"):
        case [name] if name.startswith("@"):
            return name
        case ["profile", name]:
            return name
    raise ValueError(f"is not a profile page; {_FORMS}")
