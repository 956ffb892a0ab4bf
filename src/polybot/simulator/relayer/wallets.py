"""The wallets that the relayer acts for: whose they are, their nonces, and whether there is code at their address."""

from collections import defaultdict
from collections.abc import Sequence

from polybot.core.ids import Wallet
from polybot.core.orders import SignatureType
from polybot.polymarket.wallets import funders
from polybot.simulator.chain.contracts import Call, Contracts
from polybot.simulator.engine.accounts import Account, Accounts
from polybot.simulator.rest.session_keys import SessionKeys

KINDS = {
    "WALLET": SignatureType.POLY_1271,
    "PROXY": SignatureType.POLY_PROXY,
    "SAFE": SignatureType.POLY_GNOSIS_SAFE,
}


class Wallets:
    def __init__(self, *, accounts: Accounts, contracts: Contracts, sessions: SessionKeys) -> None:
        self.sessions = sessions
        self._accounts = accounts
        self._contracts = contracts
        self._nonces: defaultdict[Wallet, int] = defaultdict(int)

    def deployed(self, wallet: Wallet) -> bool:
        account = self._accounts.find(wallet)
        return account is not None and account.deployed

    def acted_for(self, signer: str, kind: SignatureType) -> Wallet:
        """The wallet that a nonce is asked for: one's own, the older form if only that is deployed, or the one whose
        session key this is."""
        own = funders(signer, kind)
        if kind is SignatureType.POLY_1271:
            in_session = self.sessions.wallets(Wallet(signer.lower()))
            return next((wallet for wallet in (*own, *in_session) if self.deployed(wallet)), own[0])
        return own[0]

    def nonce(self, wallet: Wallet) -> int:
        """On chain: that of the next transaction."""
        return self._nonces[wallet]

    def deploy(self, owner: str, kind: SignatureType) -> None:
        """A new wallet has approved nobody."""
        wallet = funders(owner, kind)[0]
        account = self._accounts.find(wallet) or self._opened(owner, kind)
        account.deployed = True

    def perform(self, wallet: Wallet, calls: Sequence[Call], *, tx: str) -> None:
        """In the wallet's name; Reverted if nothing happened, and its nonce is good for another time."""
        self._contracts.execute(wallet, calls, tx=tx)
        self._nonces[wallet] += 1

    def perform_whatever_comes(self, wallet: Wallet, calls: Sequence[Call], *, tx: str) -> None:
        """As `perform`, but the nonce is spent: the hub that calls a proxy outlives the proxy's revert."""
        self._nonces[wallet] += 1
        self._contracts.execute(wallet, calls, tx=tx)

    def spend_nonce(self, wallet: Wallet) -> None:
        self._nonces[wallet] += 1

    def _opened(self, owner: str, kind: SignatureType) -> Account:
        account = self._accounts.open(owner=Wallet(owner.lower()), signature_type=kind)
        account.allowances.clear()
        account.operators.clear()
        return account
