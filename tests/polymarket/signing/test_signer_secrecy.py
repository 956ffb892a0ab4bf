"""A key that is loaded shows nowhere: not printed, formatted, copied, pickled, nor in a traceback's variables."""

import copy
import io
import pickle
import traceback

import pytest
from rich.console import Console
from rich.traceback import Traceback

from polybot.polymarket.auth import ApiCredentials, L2Auth
from polybot.polymarket.signing import LocalSigner
from polybot.ports.signer import Signer

CANARY = "c0ffee" * 10 + "abcd"
N = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"


def shown(text: str, secret: str) -> bool:
    return secret[:12].lower() in text.lower() or str(int(secret, 16))[:12] in text


def test_a_signer_prints_its_address_only() -> None:
    signer = LocalSigner.from_hex(CANARY)
    for text in (repr(signer), str(signer), f"{signer}", f"{signer!s:>80}", f"{[signer]}", str(dir(signer))):
        assert not shown(text, CANARY)
    assert signer.address in repr(signer)
    assert not hasattr(signer, "__dict__")


def test_a_signer_cannot_be_copied_or_pickled() -> None:
    signer = LocalSigner.from_hex(CANARY)
    for take in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be copied or pickled") as caught:
            take(signer)
        assert not shown(str(caught.value), CANARY)


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        (CANARY[:-1], "64 hex digits"),
        (CANARY + "00", "64 hex digits"),
        (CANARY[:-1] + "g", "64 hex digits"),
        ("", "got 0 characters"),
        ("00" * 32, "zero or not below"),
        (N, "zero or not below"),
    ],
)
def test_a_bad_key_is_explained_without_being_shown(key: str, complaint: str) -> None:
    supply = iter([key])
    with pytest.raises(ValueError, match=complaint) as caught:
        LocalSigner.from_hex(next(supply))
    error = caught.value
    assert error.__context__ is None
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in frames.stack if frame.filename.endswith("signing.py")]
    assert ours
    for secret in (CANARY, N):
        assert not shown(str(error), secret)
        assert not any(shown(str(frame.locals), secret) for frame in ours)


def test_a_failing_signature_shows_no_key_even_with_local_variables() -> None:
    signer: Signer = LocalSigner.from_hex(CANARY)
    with pytest.raises(ValueError, match="32 bytes") as caught:
        signer.sign(b"short")
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert not shown("".join(frames.format()).replace(repr(CANARY), ""), CANARY)
    page = io.StringIO()
    rich = Traceback.from_exception(type(caught.value), caught.value, caught.tb, show_locals=True)
    Console(file=page, width=300).print(rich)
    assert not shown(page.getvalue().replace(f'CANARY = "{CANARY}"', ""), CANARY)


def test_credentials_show_the_key_id_only() -> None:
    credentials = ApiCredentials(key="the-key-id", secret="c2VjcmV0LWNhbmFyeQ==", passphrase="phrase-canary")
    for text in (repr(credentials), str(credentials), f"{credentials}", repr(L2Auth("0x" + "11" * 20, credentials))):
        assert "canary" not in text
        assert "c2VjcmV0" not in text
    assert "the-key-id" in repr(credentials)


def test_a_bad_secret_is_explained_without_being_shown() -> None:
    with pytest.raises(ValueError, match="not base64url") as caught:
        ApiCredentials(key="k", secret="?canary?", passphrase="p")
    assert "canary" not in str(caught.value)
