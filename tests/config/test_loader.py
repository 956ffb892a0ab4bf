"""Loading a folder: exact values, origins, and every problem at once."""

from pathlib import Path

import pytest
from config_files import ACCOUNTS, KEY, OTHER_WALLET, WALLET, folder_with

from polybot.config.errors import ConfigError, Problem
from polybot.config.loader import LoadedConfig, Origin, folder_from, load, load_settings
from polybot.core.ids import parse_wallet
from polybot.core.money import Ratio, Usdc
from polybot.core.orders import SignatureType


def problems(folder: Path, **environ: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load(folder, environ=environ)
    return list(caught.value.problems)


def only_problem(folder: Path, **environ: str) -> Problem:
    (problem,) = problems(folder, **environ)
    return problem


def test_a_folder_is_read_exactly(tmp_path: Path) -> None:
    settings = "paper:\n  starting_balance_usd: 0.000001\npolling:\n  activity_interval_ms: 300\n"
    config = load(folder_with(tmp_path, settings=settings), environ={})

    whale, minnow = config.accounts.targets
    assert (whale.position_ratio, whale.max_position_usd) == (Ratio(10_000), Usdc(500_100_000))
    assert (whale.address, minnow.address, minnow.wallet.user_name) == (parse_wallet(WALLET), None, "minnow")
    assert config.settings.paper.starting_balance_usd == Usdc(1)
    assert config.settings.polling.activity_interval_ms == 300
    assert config.accounts.your_account is not None
    assert config.accounts.your_account.signature_type is SignatureType.POLY_GNOSIS_SAFE


def test_an_unquoted_address_is_text_and_not_a_number(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path), environ={})
    assert config.accounts.your_account is not None
    assert config.accounts.your_account.proxy_wallet == OTHER_WALLET


def test_funder_is_another_word_for_proxy_wallet(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path, accounts=ACCOUNTS.replace("proxy_wallet", "funder")), environ={})
    assert config.accounts.your_account is not None
    assert config.accounts.your_account.proxy_wallet == OTHER_WALLET


def test_every_value_knows_where_it_comes_from(tmp_path: Path) -> None:
    settings = "endpoints:\n  data: http://localhost:1\n"
    config = load(
        folder_with(tmp_path, settings=settings, env="POLYBOT__ENDPOINTS__CLOB=http://localhost:2\n"), environ={}
    )
    assert config.settings.endpoints.clob == "http://localhost:2"
    assert config.origins["endpoints.data"] == Origin("file", "settings.yaml:2")
    assert config.origins["endpoints.clob"] == Origin("env", "POLYBOT__ENDPOINTS__CLOB")
    assert config.origins["targets[0].wallet"] == Origin("file", "accounts.yaml:7")
    assert "endpoints.gamma" not in config.origins


def test_the_real_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, env="POLYBOT__ENDPOINTS__CLOB=http://file:1\n")
    config = load(folder, environ={"POLYBOT__ENDPOINTS__CLOB": "http://real:1"})
    assert config.settings.endpoints.clob == "http://real:1"


def test_an_empty_section_means_its_defaults(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path, settings="paper:\nsafety:\n  # nothing\n"), environ={})
    assert config.settings.paper.latency_ms == 150


def test_relative_paths_lie_in_the_folder(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path), environ={})
    assert config.store_url == f"sqlite:///{tmp_path.resolve()}/polybot.db"
    assert config.log_file == tmp_path / "polybot.log"


def test_an_absolute_store_stays_where_it_is(tmp_path: Path) -> None:
    url = "sqlite:////var/lib/polybot.db"
    config = load(folder_with(tmp_path), environ={"POLYBOT__STORAGE__URL": url})
    assert config.store_url == url


@pytest.mark.parametrize(
    "url", ["postgresql://me:hunter2@db/polybot", "sqlite:///", "sqlite:///:memory:", "polybot.db"]
)
def test_a_database_that_cannot_be_used_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(folder_with(tmp_path), environ={"POLYBOT__STORAGE__URL": url})
    assert "must be sqlite:///FILE" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_the_folder_is_the_option_then_the_variable_then_here() -> None:
    assert folder_from(Path("/a"), {"POLYBOT_HOME": "/b"}) == Path("/a")
    assert folder_from(None, {"POLYBOT_HOME": "/b"}) == Path("/b")
    assert folder_from(None, {}) == Path()


def test_a_missing_accounts_file_names_the_command_that_writes_it(tmp_path: Path) -> None:
    problem = only_problem(tmp_path)
    assert problem.what == "there is no such file"
    assert "polybot init" in problem.remedy


TARGET = "targets:\n  - name: a\n    wallet: " + WALLET + "\n    "


@pytest.mark.parametrize(
    ("accounts", "where", "key", "word"),
    [
        (TARGET + "slipage_tolerance: 0.1", 4, "targets[0].slipage_tolerance", "'slippage_tolerance'"),
        (TARGET + "slippage_tolerance: 5", 4, "targets[0].slippage_tolerance", "0.05 is 5 %"),
        (TARGET + "position_ratio: 0", 4, "targets[0].position_ratio", "above 0"),
        (TARGET + "position_ratio: 0.0000001", 4, "targets[0].position_ratio", "finer than one micro-unit"),
        (TARGET + "position_ratio: lots", 4, "targets[0].position_ratio", "not a number"),
        (TARGET + "max_position_usd: .inf", 4, "targets[0].max_position_usd", "not a number"),
        (TARGET + "max_position_usd: -3", 4, "targets[0].max_position_usd", "above 0"),
        (TARGET + "min_position_usd: 501", 2, "targets[0]", "above max_position_usd"),
        (TARGET + "enabled: perhaps", 4, "targets[0].enabled", "boolean"),
        (TARGET + "name: b", 4, "", "the key 'name' twice"),
        ("targets:\n  - wallet: " + WALLET, 2, "targets[0].name", "missing"),
        ("targets:\n  - name: a\n    wallet: 0x12", 3, "targets[0].wallet", "not an address"),
        ("targets:\n  - name: a\n    wallet: https://example.org/@a", 3, "targets[0].wallet", "polymarket.com"),
        ("targets:\n  - name: a\n    wallet: two words", 3, "targets[0].wallet", "names no trader"),
        ("targets: 7", 1, "targets", "a list"),
        ("targets:\n  - just text", 2, "targets[0]", "keys and values"),
        ("your_account:\n  signature_type: 9", 2, "your_account.signature_type", "0, 1, 2 or 3"),
        ("your_account:\n  proxy_wallet: 0x0\n  signature_type: 0", 2, "your_account.proxy_wallet", "40 hex"),
        ("wallets: []", 1, "wallets", "Known here: targets, your_account"),
        ("targets: [1\nb: 2", 2, "", "not usable YAML"),
        ("targets:\n\t- a", 2, "", "not usable YAML"),
        ("- a\n- b", 1, "", "keys and values"),
    ],
)
def test_a_mistake_is_named_with_line_key_and_remedy(
    tmp_path: Path, accounts: str, where: int, key: str, word: str
) -> None:
    problem = only_problem(folder_with(tmp_path, accounts=accounts))
    assert (problem.where, problem.key) == (f"accounts.yaml:{where}", key)
    assert word in str(problem)
    assert problem.remedy


@pytest.mark.parametrize(
    ("settings", "key", "word"),
    [
        ("polling:\n  activity_interval_ms: 1", "polling.activity_interval_ms", "50"),
        ("endpoints:\n  clob: ftp://x", "endpoints.clob", "http://"),
        ("endpoints:\n  ws_user: https://x", "endpoints.ws_user", "ws://"),
        ("execution:\n  when_slippage_exceeded: pray", "execution.when_slippage_exceeded", "passive"),
        ("safety:\n  max_open_positions: none", "safety.max_open_positions", "integer"),
        ("storage:\n  url: mysql://x", "storage.url", "sqlite"),
        ("sfety: {}", "sfety", "'safety'"),
    ],
)
def test_settings_are_as_strict(tmp_path: Path, settings: str, key: str, word: str) -> None:
    problem = only_problem(folder_with(tmp_path, settings=settings))
    assert problem.key == key
    assert word in str(problem)


def test_two_targets_that_are_one_trader_or_share_a_name_are_refused(tmp_path: Path) -> None:
    twins = f"""\
targets:
  - {{name: a, wallet: "{WALLET}"}}
  - {{name: A, wallet: "https://polymarket.com/profile/{WALLET.lower()}"}}
  - {{name: b, wallet: someone}}
  - {{name: c, wallet: "@Someone"}}
"""
    found = [(problem.where, problem.key) for problem in problems(folder_with(tmp_path, accounts=twins))]
    assert found == [
        ("accounts.yaml:3", "targets[1].name"),
        ("accounts.yaml:3", "targets[1].wallet"),
        ("accounts.yaml:5", "targets[3].wallet"),
    ]


def test_all_problems_of_all_files_come_together(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, accounts="targets: [{name: a, wallet: 0x1}]\nq: 1\n", settings="network: {x: 1}\n")
    keys = {problem.key for problem in problems(folder, POLYBOT__ENDPOINTS__CLOBB="http://x")}
    assert keys == {"targets[0].wallet", "q", "network.x", "POLYBOT__ENDPOINTS__CLOBB"}


def test_an_override_that_fits_no_key_suggests_one(tmp_path: Path) -> None:
    problem = only_problem(folder_with(tmp_path), POLYBOT__SAFETY__MAX_OPEN_POSITIONS="1000")
    assert "POLYBOT__ENDPOINTS__CLOB" in problem.remedy


def test_a_wrong_override_is_blamed_on_its_variable(tmp_path: Path) -> None:
    problem = only_problem(folder_with(tmp_path), POLYBOT__ENDPOINTS__CLOB="nonsense")
    assert (problem.where, problem.key) == ("POLYBOT__ENDPOINTS__CLOB", "endpoints.clob")


@pytest.mark.parametrize(
    "accounts",
    [
        f"your_account: {{signature_type: 0, private_key_env: '{KEY}'}}",
        f"your_account: {{signature_type: 0, private_key: '{KEY}'}}",
        f"your_account: {{signature_type: 0, proxy_wallet: '{KEY}'}}",
        f"your_account: {{signature_type: 0, '{KEY}': 1}}",
        f"targets: [{{name: a, wallet: '{KEY}'}}]",
        f"targets: '{KEY}'",
        f"private_key: {KEY}",
        f"targets: [{{name: a, wallet: {KEY}",
        f"{KEY}: 1\n{KEY}: 2",
    ],
)
def test_a_key_written_in_the_wrong_place_is_never_shown(tmp_path: Path, accounts: str) -> None:
    text = "\n".join(str(problem) for problem in problems(folder_with(tmp_path, accounts=accounts)))
    assert KEY[2:20].lower() not in text.lower()


def test_a_password_in_the_store_url_is_not_shown(tmp_path: Path) -> None:
    problem = only_problem(folder_with(tmp_path), POLYBOT__STORAGE__URL="mysql://me:hunter2@db/x")
    assert "hunter2" not in str(problem)


def test_settings_can_be_read_while_accounts_are_broken(tmp_path: Path) -> None:
    config = load_settings(folder_with(tmp_path, accounts="targets: ["), environ={})
    assert config.settings.paper.latency_ms == 150


def test_a_loaded_configuration_does_not_print_its_environment(tmp_path: Path) -> None:
    config: LoadedConfig = load(folder_with(tmp_path), environ={"POLY_PRIVATE_KEY": KEY})
    assert KEY[2:] not in repr(config)
