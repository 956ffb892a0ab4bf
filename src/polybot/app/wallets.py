"""The configured account's wallet, with what moves it and what is read of it; for setting it up, not for trading."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from polybot.app.accounts import AccountRefused, require_own_wallet
from polybot.app.bot import CannotStart
from polybot.app.services import Services
from polybot.config.credentials import BuilderKey, relayer_credentials, rpc_urls
from polybot.config.live import private_key
from polybot.config.loader import LoadedConfig
from polybot.config.models import YourAccount
from polybot.core.ids import Wallet, parse_wallet
from polybot.core.orders import SignatureType
from polybot.polymarket.auth import ApiCredentials
from polybot.polymarket.chain.rpc import RpcClient, RpcError
from polybot.polymarket.contracts import POLYGON
from polybot.polymarket.eoa import EoaDesk
from polybot.polymarket.errors import RequestFailed
from polybot.polymarket.relayer.auth import BuilderAuth, RelayerAuth, RelayerKeyAuth
from polybot.polymarket.relayer.client import RelayerClient
from polybot.polymarket.relayer.desk import KINDS, RelayerDesk
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.wallet_facts import WalletFacts
from polybot.polymarket.wallets import checksum, derive_old_deposit, funder_for
from polybot.ports.telemetry import NoTelemetry
from polybot.ports.wallet import WalletDesk
from polybot.utils.clock import Clock

_SUBMIT_TIMEOUT_S = 300.0
"""The relayer simulates, stores and broadcasts before it answers (official Python client 0.14.0)."""


@dataclass(frozen=True, slots=True)
class OpenWallet:
    """`relayer` is None for a plain wallet; `is_builder`: it knows us by a builder key."""

    account: YourAccount
    signer: LocalSigner
    wallet: Wallet
    services: Services
    desk: WalletDesk
    facts: WalletFacts
    relayer: RelayerClient | None
    is_builder: bool = False

    @property
    def can_send(self) -> bool:
        """Whether what `desk` needs to send is configured."""
        return self.relayer is None or self.relayer.may_submit

    @property
    def is_configured(self) -> bool:
        """False where it was derived because accounts.yaml names none."""
        return self.account.proxy_wallet is not None or self.relayer is None

    @property
    def can_deploy(self) -> bool:
        """The relayer makes only wallets of today's form."""
        return self.wallet == funder_for(self.signer.address, self.account.signature_type)


@asynccontextmanager
async def open_wallet(config: LoadedConfig, clock: Clock) -> AsyncIterator[OpenWallet]:
    """ConfigError; AccountRefused if the wallet is not the key's; CannotStart if no node answers for Polygon."""
    signer = LocalSigner.from_hex(private_key(config).get_secret_value())
    account = config.accounts.your_account
    if account is None:
        raise AccountRefused("accounts.yaml names no your_account")
    credentials, urls = relayer_credentials(config), rpc_urls(config)
    auth = _auth(credentials, signer)
    async with Services(config.settings, clock=clock, telemetry=NoTelemetry()) as services:
        node = await _node(services, [url.get_secret_value() for url in urls])
        if account.signature_type is SignatureType.EOA:
            wallet, relayer = account.proxy_wallet or parse_wallet(signer.address), None
        else:
            url = config.settings.endpoints.relayer
            submits = services.http_to(url, read_timeout_s=_SUBMIT_TIMEOUT_S)
            relayer = RelayerClient(services.http_to(url), clock=clock, auth=auth, submits=submits)
            wallet = account.proxy_wallet or await _wallet_of(signer, account.signature_type, relayer)
        require_own_wallet(account, wallet, signer)
        desk: WalletDesk = (
            EoaDesk(node, signer=signer)
            if relayer is None
            else RelayerDesk(
                relayer,
                node=node,
                signer=signer,
                wallet=wallet,
                signature_type=account.signature_type,
                clock=clock,
                by_session_key=account.session_key,
            )
        )
        facts = WalletFacts(node, wallet=wallet, signer_address=signer.address)
        yield OpenWallet(account, signer, wallet, services, desk, facts, relayer, isinstance(credentials, BuilderKey))


async def _wallet_of(signer: LocalSigner, kind: SignatureType, relayer: RelayerClient) -> Wallet:
    """An account opened before 2026-06-29 has the older form of deposit wallet. RequestFailed without an answer."""
    old = derive_old_deposit(signer.address)
    if kind is SignatureType.POLY_1271 and await relayer.deployed(checksum(old), KINDS[kind]):
        return old
    return funder_for(signer.address, kind)


def _auth(credentials: BuilderKey | SecretStr | None, signer: LocalSigner) -> RelayerAuth | None:
    match credentials:
        case None:
            return None
        case BuilderKey(key, secret, passphrase):
            texts = (key.get_secret_value(), secret.get_secret_value(), passphrase.get_secret_value())
            return BuilderAuth(ApiCredentials(*texts))
    return RelayerKeyAuth(credentials.get_secret_value(), address=signer.address)


async def _node(services: Services, urls: list[str]) -> RpcClient:
    """The first that answers, and for Polygon."""
    troubles = []
    for number, url in enumerate((url for url in urls if url.startswith("http")), start=1):
        node = RpcClient(services.http_to(url))
        try:
            chain = await node.chain_id()
        except (RequestFailed, RpcError) as failed:
            troubles.append(f"node {number}: {failed}")
            continue
        if chain == POLYGON:
            return node
        troubles.append(f"node {number} is of chain {chain}, not Polygon ({POLYGON})")
    said = "; ".join(troubles) or "none begins with http"
    raise CannotStart(
        f"no Polygon node answers ({said}); set endpoints.rpc, or the variable that endpoints.rpc_env names"
    )
