"""The account that copies: the key, its API credentials, its funds; and the venue they trade on."""

from dataclasses import dataclass

from polybot.app.bot import CannotStart
from polybot.app.services import Services
from polybot.config.models import Settings, YourAccount
from polybot.core.ids import Wallet, parse_wallet
from polybot.polymarket.auth import ApiCredentials, L2Auth
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.order_body import OrderFactory
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.streams.user import UserStream
from polybot.polymarket.wallets import checksum, funders
from polybot.ports.market_data import MarketData
from polybot.ports.signer import Signer
from polybot.utils.clock import Clock
from polybot.utils.redaction import redactor
from polybot.venues.live import LiveVenue


class AccountRefused(RuntimeError):
    """The account cannot trade as configured; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """Everything that acts in the account's name."""

    wallet: Wallet
    venue: LiveVenue
    stream: UserStream
    api: ClobAccount


async def open_live_account(
    account: YourAccount,
    signer: Signer,
    *,
    settings: Settings,
    services: Services,
    market_data: MarketData,
    clock: Clock,
) -> LiveAccount:
    """Refuses what could not trade, then derives the API credentials. AccountRefused; CannotStart if none answers."""
    wallet = account.proxy_wallet or parse_wallet(signer.address)
    require_own_wallet(account, wallet, signer)
    credentials = await clob_credentials(services, signer)
    factory = OrderFactory(
        signer,
        funder=wallet,
        signature_type=account.signature_type,
        api_key=credentials.key,
        session_key=account.session_key,
    )
    api = ClobAccount(services.clob_http, auth=L2Auth(signer.address, credentials), clock=clock)
    await _fresh_balance(api, account)
    stream = UserStream(
        settings.endpoints.ws_user,
        credentials=credentials,
        clock=clock,
        options=services.pace.socket,
        telemetry=services.telemetry,
    )
    venue = LiveVenue(
        account=api,
        data=services.data,
        stream=stream,
        factory=factory,
        market_data=market_data,
        wallet=wallet,
        signature_type=account.signature_type,
        api_key=credentials.key,
        clock=clock,
        telemetry=services.telemetry,
    )
    return LiveAccount(wallet, venue, stream, api)


async def _fresh_balance(api: ClobAccount, account: YourAccount) -> None:
    """The venue answers from a cache until told to look; a new deposit wallet cannot trade before that."""
    try:
        await api.refresh_collateral(account.signature_type)
    except (RequestFailed, UnexpectedShape) as failed:
        raise CannotStart(f"Polymarket does not read the wallet's balance now ({failed})") from None


def require_own_wallet(account: YourAccount, wallet: Wallet, signer: Signer) -> None:
    """AccountRefused. Whether a session key may act for a wallet only Polymarket knows."""
    if account.session_key:
        return
    kind = account.signature_type
    owned = funders(signer.address, kind)
    if wallet not in owned:
        raise AccountRefused(
            f"accounts.yaml: your_account.proxy_wallet {checksum(wallet)} does not belong to the key in "
            f"{account.private_key_env}, whose address is {signer.address}; with signature_type {kind.value} "
            f"its wallet is {' or '.join(map(checksum, owned))}; correct the wallet, the signature_type or the key"
        )


async def clob_credentials(services: Services, signer: Signer) -> ApiCredentials:
    """The signer's API credentials, which no log shows from here on. AccountRefused; CannotStart if none answers."""
    try:
        credentials = await services.clob.credentials(signer)
    except RequestFailed as failed:
        if failed.failure.transient:
            raise CannotStart(f"Polymarket cannot be asked for API credentials now ({failed})") from None
        raise AccountRefused(
            f"Polymarket gives no API credentials for this key: {failed}; is this machine's clock right (NTP)?"
        ) from None
    except UnexpectedShape as failed:
        raise AccountRefused(f"Polymarket gives no API credentials for this key: {failed}") from None
    redactor.register(credentials.secret)
    redactor.register(credentials.passphrase)
    return credentials
