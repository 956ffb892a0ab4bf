from pathlib import Path

import pytest

from polybot.decision.rules import Rule

DOCS = Path(__file__).resolve().parents[2] / "docs" / "decisions.md"


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_is_explained_to_users(rule: Rule) -> None:
    assert f"`{rule}`" in DOCS.read_text()
