"""Adding a target leaves every other byte of the file alone."""

from pathlib import Path

import pytest
from config_files import WALLET

from polybot.config.edit import add_target
from polybot.config.errors import ConfigError
from polybot.config.loader import read_accounts

NEW = {"name": "new one", "wallet": WALLET, "position_ratio": "0.5", "enabled": "false"}


@pytest.mark.parametrize(
    "before",
    [
        "",
        "# nothing yet\n",
        "targets:\n",
        "targets: []   # none\n# the end\n",
        "targets: null",
        "targets:\n  - name: a   # first\n    wallet: b\n\n# the end\nyour_account:\n  signature_type: 0\n",
        "targets:\n- {name: a, wallet: b}\n",
        'targets:\n    - wallet: "0x' + "Cd" * 20 + '"\n      name: a',
    ],
)
def test_what_was_there_stays(tmp_path: Path, before: str) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(before)
    old = read_accounts(path).targets

    add_target(tmp_path, NEW)

    targets = read_accounts(path).targets
    assert targets[:-1] == old
    assert (targets[-1].name, targets[-1].enabled, str(targets[-1].position_ratio)) == ("new one", False, "0.5")
    after = path.read_text().splitlines()
    assert [line for line in before.splitlines() if not line.startswith("targets:")] == [
        line for line in after if line in before.splitlines() and not line.startswith("targets:")
    ]
    assert ("# none" in before) == ("# none" in path.read_text())


@pytest.mark.parametrize(
    ("before", "new"),
    [
        ("targets:\n  - {name: a, wallet: b}\n", {**NEW, "name": "A"}),
        ("targets: []\n", {**NEW, "position_ratio": "-1"}),
        ("targets: [{name: a, wallet: b}]\n", NEW),
        ("targets: 7\n", NEW),
    ],
)
def test_a_result_that_would_not_be_valid_leaves_the_file_untouched(
    tmp_path: Path, before: str, new: dict[str, str]
) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(before)
    with pytest.raises(ConfigError):
        add_target(tmp_path, new)
    assert path.read_text() == before


def test_a_missing_file_names_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="polybot init"):
        add_target(tmp_path, NEW)
