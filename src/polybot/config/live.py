"""What must be true before real money moves."""

from pydantic import SecretStr

from polybot.config.errors import ConfigError, LiveRefused, Problem
from polybot.config.loader import ACCOUNTS_FILE, ENV_FILE, LoadedConfig
from polybot.config.models import Safety, Settings
from polybot.core.orders import SignatureType
from polybot.utils.redaction import redactor

_BUILT_SAFETY = frozenset({"max_open_positions", "require_liquidity_check", "min_book_depth_usd"})
"""Safety keys whose rule this release enforces; every other one is a promise nobody keeps yet."""
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def unbuilt_safety_keys(settings: Settings) -> list[str]:
    """Dotted keys that are set although nothing enforces them in this release."""
    keys = [key for key in Safety.model_fields if key not in _BUILT_SAFETY]
    return [f"safety.{key}" for key in keys if getattr(settings.safety, key) is not None]


def private_key(config: LoadedConfig) -> SecretStr:
    """32 bytes of hex with 0x, from the environment or .env; from here on no log shows it.

    ConfigError, which does not show it either, if it is missing or unusable.
    """
    account = config.accounts.your_account
    if account is None:
        raise ConfigError([_missing_account()])
    text = config.environ.get(account.private_key_env, "").strip()
    fault = _key_fault(text)
    if fault:
        remedy = f"Type `export {account.private_key_env}=0x...`, or put it into {config.folder / ENV_FILE}"
        raise ConfigError([Problem("environment", account.private_key_env, "", fault, remedy)])
    redactor.register(text)
    return SecretStr("0x" + text[-64:])


def check_live(config: LoadedConfig) -> None:
    """Call before the first live byte. ConfigError if something is missing, LiveRefused if live is not wanted."""
    private_key(config)
    account = config.accounts.your_account
    if account and account.proxy_wallet is None and account.signature_type is not SignatureType.EOA:
        what = f"is missing, and signature_type {account.signature_type.value} trades from it"
        remedy = "Copy the address that your Polymarket profile shows"
        raise ConfigError([Problem(ACCOUNTS_FILE, "your_account.proxy_wallet", "", what, remedy)])
    reasons = [
        f"{key} is set, but this release does not enforce it yet; remove it to trade without that protection"
        for key in unbuilt_safety_keys(config.settings)
    ]
    if not config.settings.execution.live_armed:
        reasons.append("execution.live_armed is false; set it to true in settings.yaml to trade with real money")
    if reasons:
        raise LiveRefused(reasons)


def _missing_account() -> Problem:
    return Problem(ACCOUNTS_FILE, "your_account", "", "is missing, and --live trades from it", "Fill it in")


def _key_fault(text: str) -> str:
    """Empty if `text` is a usable key."""
    if not text:
        return "is not set, and nothing can be signed without it"
    digits = text.removeprefix("0x")
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdefABCDEF"):
        return "is not a private key (0x and 64 hex digits)"
    return "" if 0 < int(digits, 16) < _CURVE_ORDER else "is not a usable private key"
