"""Templates, explanations and documents say what the models say."""

import re
from pathlib import Path

import pytest
from config_files import folder_with
from pydantic import BaseModel

from polybot.config.edit import template, write_templates
from polybot.config.explain import KnownKey, explain, known_keys
from polybot.config.loader import load
from polybot.config.models import Accounts, Settings
from polybot.config.policy import policy_for
from polybot.core.money import Ratio, Usdc
from polybot.decision.model import WhenTooFar

ROOT = Path(__file__).resolve().parents[2]


def test_every_key_says_what_it_does() -> None:
    assert [key.key for key in known_keys() if len(key.effect) < 10] == []


def test_the_templates_are_a_valid_configuration_that_equals_the_defaults(tmp_path: Path) -> None:
    write_templates(tmp_path)
    config = load(tmp_path, environ={})
    assert config.settings == Settings()
    assert config.accounts.targets == ()


@pytest.mark.parametrize("key", known_keys(), ids=lambda key: key.key)
def test_the_templates_mention_every_key(key: KnownKey) -> None:
    assert re.search(rf"\b{key.key.rpartition('.')[2]}:", template(key.file))


def test_the_example_in_the_root_is_the_template() -> None:
    assert (ROOT / ".env.example").read_text() == template(".env.example")


def test_existing_files_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("mine")
    with pytest.raises(FileExistsError):
        write_templates(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["settings.yaml"]


@pytest.mark.parametrize("key", known_keys(), ids=lambda key: key.key)
def test_the_document_lists_every_key_with_default_and_effect(key: KnownKey) -> None:
    default = "must be given" if key.default is None else f"`{key.default}`"
    assert f"| `{key.key}` | {default} | {key.effect} |" in (ROOT / "docs/configuration.md").read_text()


def test_the_document_lists_nothing_else() -> None:
    listed = re.findall(r"^\| `([\w.\[\]]+)` \|", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE)
    assert listed == [key.key for key in known_keys()]


def test_the_models_refuse_unknown_keys_and_changes() -> None:
    for model in (Accounts, Settings):
        assert_strict(model)


def assert_strict(model: type[BaseModel]) -> None:
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"] is True


def test_explain_tells_value_origin_default_and_effect(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path, settings="safety:\n  max_open_positions: 7\n"), environ={})
    key, *_ = [found for found in explain(config, "safety") if found.key == "safety.max_open_positions"]
    assert (key.value, key.origin.where, key.default) == ("7", "settings.yaml:2", "50")
    assert "No entry" in key.effect


def test_explain_of_a_section_is_that_section_alone(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path), environ={})
    assert {found.key.split(".")[0] for found in explain(config, "paper")} == {"paper"}
    assert {found.key.split(".")[0] for found in explain(config, "targets[0]")} == {"targets[0]"}
    assert explain(config, "nonsense") == []


def test_explain_hides_a_password(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path), environ={"POLYBOT__ENDPOINTS__CLOB": "https://me:hunter2@clob.example"})
    assert "hunter2" not in repr(explain(config))


def test_a_target_becomes_the_decision_s_policy(tmp_path: Path) -> None:
    settings = "execution:\n  when_slippage_exceeded: passive\nsafety:\n  max_open_positions: null\n"
    config = load(folder_with(tmp_path, settings=settings), environ={})
    policy = policy_for(config.accounts.targets[0], config.settings)
    assert (policy.ratio, policy.max_position) == (Ratio.parse("0.01"), Usdc.parse("500.1"))
    assert policy.when_too_far is WhenTooFar.PASSIVE
    assert policy.max_open_positions is None
    assert policy.min_depth == Usdc.parse("100")
