"""What `accounts.yaml` and `settings.yaml` may say. Every field's description is its effect, shown to people."""

from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from polybot.config.fields import (
    Address,
    AnyUsdc,
    CopyRatio,
    EnvName,
    HttpUrl,
    NodeUrls,
    PositiveUsdc,
    SocketUrl,
    StoreUrl,
    TargetReference,
    Tolerance,
)
from polybot.core.ids import Wallet
from polybot.core.money import Ratio, Usdc
from polybot.core.orders import SignatureType


class Section(BaseModel):
    """Frozen, and strict about keys: an unknown one is a mistake, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class YourAccount(Section):
    """The account that copies. Paper trading needs none of it."""

    private_key_env: EnvName = Field(
        "POLY_PRIVATE_KEY",
        description="Name of the environment variable (or .env entry) with the signing key. Read only for --live.",
    )
    proxy_wallet: Address | None = Field(
        None,
        validation_alias=AliasChoices("proxy_wallet", "funder"),
        description="Address that holds your funds, as your Polymarket profile shows it. Also accepted as `funder`."
        " Needed for --live unless signature_type is 0.",
    )
    signature_type: SignatureType = Field(
        description="How the account signs: 0 plain wallet (EOA), 1 e-mail or Magic proxy, 2 Gnosis Safe of a browser"
        " wallet, 3 deposit wallet (accounts opened since May 2026).",
    )
    session_key: bool = Field(
        False,
        description="True: the key is a session key that the owner of proxy_wallet has authorised, not the owner's own"
        " (signature_type 3 only). It can trade, and cannot take money out.",
    )
    builder_key_env: EnvName = Field(
        "POLY_BUILDER_KEY",
        description="Name of the environment variable with a builder key, for `polybot setup` of wallets other than"
        " plain ones. Its secret and passphrase go with it.",
    )
    builder_secret_env: EnvName = Field(
        "POLY_BUILDER_SECRET", description="Name of the environment variable with the builder key's secret."
    )
    builder_passphrase_env: EnvName = Field(
        "POLY_BUILDER_PASSPHRASE", description="Name of the environment variable with the builder key's passphrase."
    )
    relayer_key_env: EnvName = Field(
        "POLY_RELAYER_KEY",
        description="Name of the environment variable with a relayer API key; it serves `polybot setup` as a builder"
        " key does, but cannot authorise session keys.",
    )

    @model_validator(mode="after")
    def _session_key_of_a_deposit_wallet(self) -> "YourAccount":
        if self.session_key and (self.signature_type is not SignatureType.POLY_1271 or self.proxy_wallet is None):
            raise ValueError(
                "session_key needs signature_type 3 and proxy_wallet: only deposit wallets have session keys"
            )
        return self


class Target(Section):
    """One trader to copy."""

    name: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        description="Your name for this trader, used in every table and log line."
    )
    wallet: TargetReference = Field(
        description="Whom to copy: the proxy wallet's address, a profile URL such as https://polymarket.com/@name,"
        " or a user name. What is tracked is the proxy wallet."
    )
    enabled: bool = Field(True, description="False: nothing new is copied; what was copied before is followed out.")
    position_ratio: CopyRatio = Field(
        Ratio.parse("0.01"), description="Size of a copy as a factor of the trader's own: 0.01 is one hundredth."
    )
    max_position_usd: PositiveUsdc = Field(
        Usdc.parse("500"),
        description="Most USDC to hold in one outcome for this trader; copies are cut to it.",
    )
    slippage_tolerance: Tolerance = Field(
        Ratio.parse("0.05"),
        description="How much worse than the trader's price an entry may be, as a fraction of it: 0.05 is 5 %.",
    )
    min_position_usd: AnyUsdc = Field(
        Usdc.parse("5"), description="Trades of this trader worth less USDC than this are ignored (entries)."
    )

    @model_validator(mode="after")
    def _minimum_below_maximum(self) -> "Target":
        if self.min_position_usd > self.max_position_usd:
            raise ValueError(
                f"min_position_usd {self.min_position_usd} is above max_position_usd {self.max_position_usd}"
            )
        return self

    @property
    def address(self) -> Wallet | None:
        """None while it is a user name that has not been looked up."""
        return self.wallet.address


class Accounts(Section):
    """`accounts.yaml`."""

    your_account: YourAccount | None = Field(None, description="The account that copies; needed for --live only.")
    targets: tuple[Target, ...] = Field((), description="The traders to copy.")


class Polling(Section):
    """How often Polymarket is asked about the targets."""

    activity_interval_ms: int = Field(
        200,
        ge=50,
        le=60_000,
        description="Milliseconds between activity polls of one trader while the activity socket is silent or stale."
        " The rate limit is kept in any case: with many traders each one's turn comes less often.",
    )
    activity_interval_healthy_ms: int = Field(
        5_000,
        ge=50,
        le=600_000,
        description="Milliseconds between activity polls of one trader while the activity socket is healthy.",
    )
    positions_sync_interval_s: int = Field(
        60, ge=5, le=86_400, description="Seconds between full comparisons with the traders' real positions."
    )


class Execution(Section):
    """How copy orders are placed."""

    live_armed: bool = Field(
        False, description="Must be true, besides typing --live, before an order with real money is sent."
    )
    order_timeout_s: float = Field(
        30, gt=0, le=600, description="Seconds to wait for an order's answer before its fate is looked up."
    )
    max_retries: int = Field(
        3,
        ge=0,
        le=20,
        description="Further tries of an entry that Polymarket was too busy to take.",
    )
    retry_delay_ms: int = Field(
        500, ge=1, le=60_000, description="Milliseconds before the first further try; later ones wait longer."
    )
    when_slippage_exceeded: Literal["skip", "passive"] = Field(
        "skip",
        description="An entry whose price has run too far is skipped, or rests passively at the trader's own price.",
    )
    passive_ttl_s: int = Field(
        300,
        ge=120,
        le=86_400,
        description="Seconds a passive entry rests before it expires; Polymarket takes none below 120.",
    )
    exit_slippage_tolerance: Tolerance = Field(
        Ratio.parse("0.1"),
        description="How far below the trader's price an exit may sell, as a fraction; beyond it the exit rests there.",
    )
    balance_buffer: Tolerance = Field(
        Ratio.parse("0.01"), description="Fraction of the free balance that entries leave untouched."
    )
    max_signal_age_s: int = Field(
        120,
        ge=1,
        le=86_400,
        description="Entries on trades older than this many seconds are skipped.",
    )
    max_book_age_ms: int = Field(
        5_000, ge=100, le=600_000, description="Entries are skipped if the local order book is older than this."
    )
    copy_before_start: bool = Field(
        False, description="True: trades made before polybot started are copied too, within max_signal_age_s."
    )


class Safety(Section):
    """Limits. A limit that is set but not built in this release makes --live refuse to start."""

    max_daily_loss_usd: PositiveUsdc | None = Field(
        None, description="Stop entries after losing this much in a day. NOT built in this release: leave it unset."
    )
    max_open_positions: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        50, description="No entry opens a position beyond this number; null for no limit."
    )
    require_liquidity_check: bool = Field(
        True, description="True: entries need at least min_book_depth_usd on the book within the slippage tolerance."
    )
    min_book_depth_usd: AnyUsdc = Field(
        Usdc.parse("100"), description="USDC that must be on offer within the slippage tolerance for an entry."
    )


class Network(Section):
    """Connections to Polymarket."""

    api_timeout_s: float = Field(10, gt=0, le=120, description="Seconds before a request is given up.")
    connection_pool_size: int = Field(20, ge=1, le=1_000, description="Most simultaneous connections to one service.")
    keep_alive: bool = Field(True, description="Keep connections open and warm between requests; false costs latency.")


class Endpoints(Section):
    """Where Polymarket's services are; point them at `polybot simulate` to rehearse."""

    clob: HttpUrl = Field("https://clob.polymarket.com", description="Order books and orders.")
    data: HttpUrl = Field("https://data-api.polymarket.com", description="Traders' activity and positions.")
    gamma: HttpUrl = Field("https://gamma-api.polymarket.com", description="Markets and profiles.")
    geoblock: HttpUrl = Field("https://polymarket.com/api/geoblock", description="Whether trading is allowed here.")
    ws_market: SocketUrl = Field(
        "wss://ws-subscriptions-clob.polymarket.com/ws/market", description="Order book changes."
    )
    ws_user: SocketUrl = Field(
        "wss://ws-subscriptions-clob.polymarket.com/ws/user", description="Your own orders and fills."
    )
    ws_activity: SocketUrl = Field("wss://ws-live-data.polymarket.com", description="Everybody's trades.")
    relayer: HttpUrl = Field(
        "https://relayer-v2.polymarket.com", description="Carries the transactions of wallets other than plain ones."
    )
    rpc: NodeUrls = Field(
        ("https://polygon.drpc.org",),
        description="Polygon nodes (http or ws), one or a list; shown without path, which may hold a secret.",
    )
    rpc_env: EnvName = Field(
        "POLY_RPC_URL",
        description="Name of the environment variable with nodes whose URLs hold a secret; it wins over `rpc`.",
    )


class Paper(Section):
    """Paper trading: live data, simulated fills."""

    starting_balance_usd: PositiveUsdc = Field(
        Usdc.parse("1000"), description="Play money at the first start on a store."
    )
    latency_ms: int = Field(
        150, ge=0, le=60_000, description="Assumed milliseconds between sending an order and its matching."
    )


class Logging(Section):
    """The log file: one JSON object a line, secrets removed."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severity that is written.")
    file: str = Field(
        "polybot.log", min_length=1, description="Path of the log file, relative to the configuration folder."
    )
    rotate_mb: int = Field(10, ge=1, le=10_000, description="Megabytes after which a new log file is begun.")
    keep_files: int = Field(5, ge=1, le=1_000, description="Older log files to keep.")


class Storage(Section):
    """Where decisions, orders and the ledger are kept."""

    url: StoreUrl = Field(
        "sqlite:///polybot.db",
        description="The database: sqlite:///FILE, relative to the configuration folder.",
    )


class Settings(Section):
    """`settings.yaml`; everything has a default."""

    polling: Polling = Field(Polling(), description="How often Polymarket is asked about the traders.")
    execution: Execution = Field(Execution(), description="How copy orders are placed.")
    safety: Safety = Field(Safety(), description="Limits.")
    network: Network = Field(Network(), description="Connections.")
    endpoints: Endpoints = Field(Endpoints(), description="Where Polymarket's services are.")
    paper: Paper = Field(Paper(), description="Paper trading.")
    logging: Logging = Field(Logging(), description="The log file.")
    storage: Storage = Field(Storage(), description="Where everything is kept.")
