"""What keeps live trading from starting, and that the key is never seen."""

from pathlib import Path

import pytest
from config_files import ACCOUNTS, KEY, folder_with

from polybot.config.errors import ConfigError, LiveRefused
from polybot.config.live import check_live, private_key, unbuilt_safety_keys
from polybot.config.loader import LoadedConfig, load
from polybot.config.models import Safety, Settings
from polybot.core.money import Usdc
from polybot.utils.redaction import redactor

ARMED = "execution:\n  live_armed: true\n"


def config(tmp_path: Path, *, accounts: str = ACCOUNTS, settings: str = ARMED, key: str = KEY) -> LoadedConfig:
    return load(folder_with(tmp_path, accounts=accounts, settings=settings), environ={"POLY_PRIVATE_KEY": key})


def test_an_armed_and_complete_configuration_may_trade(tmp_path: Path) -> None:
    check_live(config(tmp_path))


def test_live_must_be_armed_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(LiveRefused, match="live_armed"):
        check_live(config(tmp_path, settings=""))


def test_a_limit_that_nobody_enforces_refuses_live(tmp_path: Path) -> None:
    with pytest.raises(LiveRefused, match="max_daily_loss_usd"):
        check_live(config(tmp_path, settings=ARMED + "safety:\n  max_daily_loss_usd: 1000\n"))


def test_only_limits_that_are_set_count_as_unbuilt() -> None:
    assert unbuilt_safety_keys(Settings()) == []
    settings = Settings(safety=Safety(max_daily_loss_usd=Usdc.parse("1"), max_open_positions=3))
    assert unbuilt_safety_keys(settings) == ["safety.max_daily_loss_usd"]


@pytest.mark.parametrize("without", ["0x", ""])
def test_the_key_is_read_with_and_without_its_prefix(tmp_path: Path, without: str) -> None:
    assert private_key(config(tmp_path, key=KEY.removeprefix(without))).get_secret_value() == KEY


def test_the_key_may_lie_in_the_env_file(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, env=f"POLY_PRIVATE_KEY={KEY}\n")
    assert private_key(load(folder, environ={})).get_secret_value() == KEY


def test_a_key_that_was_read_leaves_no_log(tmp_path: Path) -> None:
    secret = private_key(config(tmp_path))
    assert KEY[2:] not in f"{secret} {secret!r}"
    assert KEY[2:].lower() not in redactor.text(f"oops {KEY}").lower()


@pytest.mark.parametrize("key", ["", "0x12", "z" * 64, KEY + "00", "0" * 64, "f" * 64])
def test_an_unusable_key_is_refused_without_being_shown(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_live(config(tmp_path, key=key))
    (problem,) = caught.value.problems
    assert problem.key == "POLY_PRIVATE_KEY"
    assert len(key) < 10 or key not in str(problem)


@pytest.mark.parametrize(
    ("accounts", "missing"),
    [
        ("targets: []\n", "your_account"),
        ("your_account: {signature_type: 3}\n", "your_account.proxy_wallet"),
    ],
)
def test_live_needs_an_account(tmp_path: Path, accounts: str, missing: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_live(config(tmp_path, accounts=accounts))
    assert [problem.key for problem in caught.value.problems] == [missing]


def test_a_plain_wallet_needs_no_proxy(tmp_path: Path) -> None:
    check_live(config(tmp_path, accounts="your_account: {signature_type: 0}\n"))
