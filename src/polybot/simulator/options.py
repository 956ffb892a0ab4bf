"""How a simulator is set up and where it can be reached."""

from dataclasses import dataclass, field

from polybot.simulator.chain.options import ChainOptions
from polybot.simulator.indexing.options import IndexerOptions
from polybot.simulator.relayer.options import RelayerOptions
from polybot.simulator.rest.clob_options import ClobOptions
from polybot.simulator.streams.options import StreamOptions


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds until each feed shows an event, as measured on Polymarket in September 2026.

    The sockets' count from the match. The Data API's counts from the block it was mined in, and to it comes the
    time until its lists are renewed.
    """

    market_s: float = 0.09
    user_s: float = 0.1
    activity_s: float = 2.1
    data_api_s: float = 0.6


@dataclass(frozen=True, slots=True)
class CacheAges:
    """How long the CDN in front of the Data API repeats an answer, in seconds per whole URL."""

    activity_s: float = 15.0
    trades_s: float = 300.0
    positions_s: float = 5.0
    oi_s: float = 300.0


NO_CACHE = CacheAges(activity_s=0.0, trades_s=0.0, positions_s=0.0, oi_s=0.0)


@dataclass(frozen=True, slots=True)
class Options:
    """With `machine_time` a signed header stamped by the machine's clock is as good as one stamped by the
    simulator's, for callers who cannot share it. `queue_limit` is the number of frames a socket may lag behind
    before it is closed with 1013.
    """

    delays: Delays = field(default_factory=Delays)
    cache: CacheAges = field(default_factory=CacheAges)
    indexers: IndexerOptions = field(default_factory=IndexerOptions)
    clob: ClobOptions = field(default_factory=ClobOptions)
    streams: StreamOptions = field(default_factory=StreamOptions)
    relayer: RelayerOptions = field(default_factory=RelayerOptions)
    chain: ChainOptions = field(default_factory=ChainOptions)
    machine_time: bool = False
    queue_limit: int = 4096
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """URL of each service; every one is its own origin, so each can be overridden alone."""

    clob: str
    data: str
    gamma: str
    geoblock: str
    ws_market: str
    ws_user: str
    ws_activity: str
    control: str
    relayer: str
    rpc: str
    ws_rpc: str
