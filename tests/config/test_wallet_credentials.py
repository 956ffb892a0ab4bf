"""The relayer's credentials and nodes' URLs: found where they are named, and shown nowhere."""

from pathlib import Path

import pytest
from config_files import folder_with

from polybot.config.credentials import BuilderKey, relayer_credentials, rpc_urls
from polybot.config.errors import ConfigError
from polybot.config.explain import explain
from polybot.config.loader import LoadedConfig, load
from polybot.utils.redaction import redactor

ACCOUNT = "your_account:\n  signature_type: 3\n"
TOKEN = "s3cr3tt0ken0fth1snode"
BUILDER = {
    "POLY_BUILDER_KEY": "b1",
    "POLY_BUILDER_SECRET": "c2VjcmV0LW9mLWJ1aWxkZXI=",
    "POLY_BUILDER_PASSPHRASE": "p3p3p3p3p3",
}


def loaded(tmp_path: Path, environ: dict[str, str], settings: str = "") -> LoadedConfig:
    return load(folder_with(tmp_path, accounts=ACCOUNT, settings=settings), environ=environ)


def test_a_builder_key_is_read_whole_and_redacted(tmp_path: Path) -> None:
    found = relayer_credentials(loaded(tmp_path, BUILDER))
    assert isinstance(found, BuilderKey)
    assert found.secret.get_secret_value() == BUILDER["POLY_BUILDER_SECRET"]
    assert BUILDER["POLY_BUILDER_SECRET"] not in repr(found) + redactor.text(f"it is {BUILDER['POLY_BUILDER_SECRET']}")


@pytest.mark.parametrize("left_out", BUILDER)
def test_a_builder_key_that_is_not_whole_is_refused_by_name(tmp_path: Path, left_out: str) -> None:
    config = loaded(tmp_path, {name: value for name, value in BUILDER.items() if name != left_out})
    with pytest.raises(ConfigError, match=f"{left_out}: is not set") as refused:
        relayer_credentials(config)
    assert not any(value in str(refused.value) for value in BUILDER.values() if len(value) > 4)


def test_a_builder_s_secret_that_is_none_is_refused_unseen(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="POLY_BUILDER_SECRET: is not base64url") as refused:
        relayer_credentials(loaded(tmp_path, BUILDER | {"POLY_BUILDER_SECRET": "not base64 at all"}))
    assert "not base64 at all" not in str(refused.value)


def test_a_relayer_key_serves_where_there_is_no_builder_key(tmp_path: Path) -> None:
    found = relayer_credentials(loaded(tmp_path, {"POLY_RELAYER_KEY": "the-relayer-key"}))
    assert found is not None
    assert not isinstance(found, BuilderKey)
    assert found.get_secret_value() == "the-relayer-key"


def test_without_either_there_is_none(tmp_path: Path) -> None:
    assert relayer_credentials(loaded(tmp_path, {})) is None


def test_nodes_come_from_the_file_or_from_the_environment(tmp_path: Path) -> None:
    settings = "endpoints:\n  rpc:\n  - https://one.example\n  - wss://two.example/x\n"
    config = loaded(tmp_path, {}, settings)
    assert [url.get_secret_value() for url in rpc_urls(config)] == ["https://one.example", "wss://two.example/x"]
    config = loaded(
        tmp_path, {"POLY_RPC_URL": f"https://three.example/{TOKEN}, wss://four.example?k={TOKEN[::-1]}"}, settings
    )
    assert [url.get_secret_value() for url in rpc_urls(config)] == [
        f"https://three.example/{TOKEN}",
        f"wss://four.example?k={TOKEN[::-1]}",
    ]
    assert TOKEN not in repr(rpc_urls(config)) + redactor.text(f"cannot connect to {TOKEN}")
    assert TOKEN[::-1] not in redactor.text(f"{TOKEN[::-1]} refused")


def test_one_node_may_be_written_alone_or_override(tmp_path: Path) -> None:
    assert loaded(tmp_path, {}, "endpoints:\n  rpc: http://one.example\n").settings.endpoints.rpc == (
        "http://one.example",
    )
    config = loaded(tmp_path, {"POLYBOT__ENDPOINTS__RPC": "http://two.example"})
    assert config.settings.endpoints.rpc == ("http://two.example",)


def test_a_node_s_url_is_shown_without_its_path(tmp_path: Path) -> None:
    settings = f"endpoints:\n  rpc: [https://me:pass@one.example/v2/{TOKEN}, https://two.example?key={TOKEN}]\n"
    (key,) = explain(loaded(tmp_path, {}, settings), "endpoints.rpc")
    assert key.value == "https://one.example/[hidden], https://two.example/[hidden]"


def test_a_wrong_url_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"endpoints\.rpc") as refused:
        loaded(tmp_path, {}, f"endpoints:\n  rpc: [ftp://one.example/{TOKEN}]\n")
    assert TOKEN not in str(refused.value)
    with pytest.raises(ConfigError, match="POLY_RPC_URL: is not a list of URLs") as refused:
        rpc_urls(loaded(tmp_path, {"POLY_RPC_URL": f"one.example/{TOKEN}"}))
    assert TOKEN not in str(refused.value)
