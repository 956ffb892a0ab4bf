"""Configuration folders for tests."""

from pathlib import Path

WALLET = "0x" + "Ab" * 20
OTHER_WALLET = "0x" + "cd" * 20
KEY = "0x" + "5eC2e7" * 10 + "beef"
"""The canary: a valid private key that must never be seen anywhere."""

ACCOUNTS = f"""\
your_account:
  private_key_env: POLY_PRIVATE_KEY
  proxy_wallet: {OTHER_WALLET}
  signature_type: 2
targets:
  - name: whale
    wallet: {WALLET}
    position_ratio: 0.010000
    max_position_usd: 500.10
  - name: minnow
    wallet: https://polymarket.com/@minnow
"""


def folder_with(
    tmp_path: Path, *, accounts: str = ACCOUNTS, settings: str | None = None, env: str | None = None
) -> Path:
    (tmp_path / "accounts.yaml").write_text(accounts)
    if settings is not None:
        (tmp_path / "settings.yaml").write_text(settings)
    if env is not None:
        (tmp_path / ".env").write_text(env)
    return tmp_path
