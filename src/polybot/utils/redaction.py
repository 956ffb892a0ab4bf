"""The second line that keeps secrets out of logs; the first is not to log them.

Three nets: fields whose name says secret, the same names inside text, and values registered as secret.
"""

import re
from collections.abc import Mapping

HIDDEN = "[hidden]"

_NAMES = r"private_?key|api_?key|api_?secret|secret|passphrase|password|authorization|cookie|mnemonic|poly_signature"
_SECRET_FIELD = re.compile(rf"(?i)(?:.*[_.\-])?(?:{_NAMES})")
_SECRET_IN_TEXT = re.compile(rf"(?i)((?:{_NAMES})[\\\"']*\s*[:=]\s*[\\\"']*)(?!is\s|0x\.\.\.)([^\s\\\"',;}})]+)")
"""Sparing our own advice: "POLY_PRIVATE_KEY: is not set", "POLY_PRIVATE_KEY=0x..."."""
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s/]+@")
_SHORTEST = 8


class Redactor:
    """Knows this process's secret values; everything that leaves through it is free of them."""

    def __init__(self) -> None:
        self._secrets: dict[str, re.Pattern[str]] = {}

    def register(self, secret: str) -> None:
        """Never let `secret` pass again, in any letter case, with or without 0x. ValueError if it is too short."""
        core = secret.strip().removeprefix("0x")
        if len(core) < _SHORTEST:
            raise ValueError(f"a secret has at least {_SHORTEST} characters; shorter ones would blank ordinary text")
        self._secrets[core] = re.compile(re.escape(core), re.IGNORECASE)

    def text(self, text: str) -> str:
        for pattern in self._secrets.values():
            text = pattern.sub(HIDDEN, text)
        return _SECRET_IN_TEXT.sub(rf"\g<1>{HIDDEN}", _URL_PASSWORD.sub(rf"\g<1>{HIDDEN}@", text))

    def fields(self, value: object) -> object:
        """Mappings and sequences are copied with secret-named fields hidden; text is cleaned; the rest is as it was."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {
                    key: HIDDEN if _SECRET_FIELD.fullmatch(str(key)) else self.fields(item)
                    for key, item in value.items()
                }
            case list() | tuple():
                return [self.fields(item) for item in value]
        return value


redactor = Redactor()
"""The process's own: logging and error messages go through it."""
