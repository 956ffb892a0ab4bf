"""How late, incomplete and odd the public indexers are: the Data API and Gamma."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexerOptions:
    """Defaults are what was measured on Polymarket in autumn 2026; "unsure" marks what nobody has confirmed.

    Data API. Without any delay (`Delays.data_api_s` 0) there are no batches, no lags and no blanks either.
    `batch_s`: the served lists are renewed so often. `market_lag_s`: how much later reads without a user see a row;
    `moves_lag_s`: how much later rows are seen that are not trades. `late_share` of the fills are `late_s` late, and
    then appear where their block puts them, below newer ones (never seen so far: 0).
    Of the trades younger than `enrichment_s`, `unenriched_share` have no outcome index and no event; of these
    `iconless_share` have no icon and `untitled_share` neither title nor slug (unsure).
    `combo_share`: with so many of the matches somebody trades a combo as well.
    `net_sales` (unsure): a taker's SELL shows what arrived, instead of size times price.
    `entry_fees_in_pnl` (unsure): fees of purchases are part of a position's cost.
    `v1_status` (unsure): what the paths of version 1 answer, 404 or 410.

    Gamma.
    `v1_positions_share` of the v1 markets show position ids that have no book. `quotes_age_s`: prices, spread and
    volume are renewed so often. `close_lag_s`: how much later a resolution is shown (seen: 15 minutes and more).
    `accepting_when_closed`: closed markets still say that they accept orders. `clob_listing_lag_s`: for so long the
    CLOB does not know a market that Gamma lists already. `refuse_default_agents`: 403 for libraries that do not name
    their user. `null_profiles`: a search result contains a null.
    """

    batch_s: float = 4.0
    market_lag_s: float = 3.9
    moves_lag_s: float = 4.0
    late_share: float = 0.0
    late_s: float = 20.0
    enrichment_s: float = 60.0
    unenriched_share: float = 0.9
    iconless_share: float = 0.5
    untitled_share: float = 0.05
    combo_share: float = 0.008
    net_sales: bool = False
    entry_fees_in_pnl: bool = False
    v1_status: int = 404
    v1_positions_share: float = 0.35
    quotes_age_s: float = 60.0
    close_lag_s: float = 0.0
    accepting_when_closed: bool = False
    clob_listing_lag_s: float = 0.0
    refuse_default_agents: bool = False
    null_profiles: bool = False
