"""The account that copies: the key, its API credentials, its funds; and the venue they trade on."""

from dataclasses import dataclass

from polybot.app.services import Services
from polybot.config.models import Settings, YourAccount
from polybot.core.ids import Wallet, parse_wallet
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.order_body import OrderFactory
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.streams.user import UserStream
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
    """Derives the API credentials and refuses what could not trade. AccountRefused with the remedy."""
    wallet = account.proxy_wallet or parse_wallet(signer.address)
    try:
        credentials = await services.clob.credentials(signer)
    except (RequestFailed, UnexpectedShape) as failed:
        raise AccountRefused(f"Polymarket gives no API credentials for this key: {failed}") from None
    try:
        factory = OrderFactory(signer, funder=wallet, signature_type=account.signature_type, api_key=credentials.key)
    except ValueError as error:
        raise AccountRefused(f"your_account: {error}") from None
    redactor.register(credentials.secret)
    redactor.register(credentials.passphrase)
    api = ClobAccount(services.clob_http, auth=L2Auth(signer.address, credentials), clock=clock)
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
