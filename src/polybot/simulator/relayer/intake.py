"""What comes in at POST /submit: checked as the relayer and the wallets' contracts would, then put under way."""

from collections.abc import Callable, Sequence

from polybot.core.ids import Wallet
from polybot.core.orders import SignatureType
from polybot.polymarket.contracts import DEPOSIT_FACTORY, PROXY_FACTORY, RELAY_HUB, SAFE_FACTORY
from polybot.polymarket.signing import BadSignature
from polybot.polymarket.wallets import checksum, funders
from polybot.simulator.chain.contracts import Call
from polybot.simulator.relayer import bodies, calls, signatures
from polybot.simulator.relayer.options import RelayerOptions
from polybot.simulator.relayer.transactions import RELAY, Effect, Relayed, Request, State, Transactions
from polybot.simulator.relayer.wallets import Wallets
from polybot.simulator.rest.replies import refuse


class Intake:
    """Texts of refusals are Polymarket's where the official Python client 0.14.0 knows them, else ours. All are 400."""

    def __init__(
        self, *, wallets: Wallets, transactions: Transactions, now_s: Callable[[], int], options: RelayerOptions
    ) -> None:
        self._wallets = wallets
        self._transactions = transactions
        self._now_s = now_s
        self._options = options

    def take(self, body: bodies.Submission) -> Relayed:
        match body:
            case bodies.Wallet():
                return self._batch(body)
            case bodies.Proxy():
                return self._proxy(body)
            case bodies.Safe():
                return self._safe(body)
            case bodies.WalletCreate():
                return self._deploy(body, SignatureType.POLY_1271, factory=DEPOSIT_FACTORY)
            case bodies.SafeCreate():
                _expect_signer(body.sender, _recovered(lambda: signatures.safe_create_signer(body)))
                _expect("proxyWallet", body.wallet, funders(body.sender, SignatureType.POLY_GNOSIS_SAFE)[0])
                return self._deploy(body, SignatureType.POLY_GNOSIS_SAFE, factory=SAFE_FACTORY)

    def batch_signer(
        self, wallet: Wallet, sent: Sequence[Call], *, nonce: str, deadline: str, signature: str
    ) -> Wallet:
        """Who signed exactly these calls for a deposit wallet, which could carry them out now."""
        self._need_deployed(wallet)
        signer = _recovered(
            lambda: signatures.batch_signer(
                wallet,
                nonce=int(nonce),
                deadline_s=int(deadline),
                calls=sent,
                signature=bytes.fromhex(signature[2:]),
            )
        )
        owned = wallet in funders(signer, SignatureType.POLY_1271)
        if not owned and not self._wallets.sessions.signs_for(signer, wallet):
            raise refuse(400, "invalid signature")
        if late := self.lateness(deadline):
            raise refuse(400, late)
        self._need_idle(wallet)
        expected = self._wallets.nonce(wallet)
        if int(nonce) != expected:
            raise refuse(400, f"batch nonce {nonce} does not match on-chain nonce {expected}")
        return signer

    def lateness(self, deadline: str) -> str:
        """Empty while the deadline of a batch is ahead."""
        return "" if self._now_s() <= int(deadline) else f"deadline {deadline} has passed"

    def _batch(self, body: bodies.Wallet) -> Relayed:
        _expect("to", body.to, DEPOSIT_FACTORY)
        params, wallet = body.params, Wallet(body.params.deposit_wallet.lower())
        sent = calls.batched(params.calls)
        signer = self.batch_signer(wallet, sent, nonce=body.nonce, deadline=params.deadline, signature=body.signature)
        _expect_signer(body.sender, signer)
        if wallet not in funders(signer, SignatureType.POLY_1271) and calls.moves_cash(sent):
            raise refuse(400, "a session key cannot withdraw funds")
        self._check_targets(sent)
        return self._begin(
            body,
            wallet,
            effect=lambda tx: self._wallets.perform(wallet, sent, tx=tx),
            check=lambda: self.lateness(params.deadline),
        )

    def _proxy(self, body: bodies.Proxy) -> Relayed:
        """A proxy that is not there yet is deployed on the way."""
        _expect("to", body.to, PROXY_FACTORY)
        _expect("signatureParams.relay", body.params.relay, RELAY)
        _expect("signatureParams.relayHub", body.params.relay_hub, RELAY_HUB)
        wallet = self._owned(body, SignatureType.POLY_PROXY, _recovered(lambda: signatures.proxy_signer(body)))
        sent = _read(lambda: calls.proxied(bytes.fromhex(body.data[2:])))
        self._check_targets(sent)

        def effect(tx: str) -> None:
            self._wallets.deploy(body.sender, SignatureType.POLY_PROXY)
            self._wallets.perform_whatever_comes(wallet, sent, tx=tx)

        return self._begin(body, wallet, effect=effect)

    def _safe(self, body: bodies.Safe) -> Relayed:
        self._need_deployed(Wallet(body.wallet.lower()))
        signer = _recovered(lambda: signatures.safe_signer(body))
        wallet = self._owned(body, SignatureType.POLY_GNOSIS_SAFE, signer)
        value, data, operation = int(body.value), bytes.fromhex(body.data[2:]), int(body.params.operation)
        sent = _read(lambda: calls.of_safe(body.to, value=value, data=data, operation=operation))
        self._check_targets(sent)
        return self._begin(body, wallet, effect=lambda tx: self._wallets.perform(wallet, sent, tx=tx))

    def _deploy(self, body: bodies.WalletCreate | bodies.SafeCreate, kind: SignatureType, *, factory: str) -> Relayed:
        _expect("to", body.to, factory)
        wallet = funders(body.sender, kind)[0]
        if self._wallets.deployed(wallet):
            raise refuse(400, f"wallet {checksum(wallet)} is already deployed")
        self._need_idle(wallet)
        return self._begin(body, wallet, effect=lambda _tx: self._wallets.deploy(body.sender, kind))

    def _begin(
        self, body: bodies.Submission, wallet: Wallet, *, effect: Effect, check: Callable[[], str] = str
    ) -> Relayed:
        return self._transactions.begin(
            Request(
                kind=bodies.kind_of(body),
                sender=body.sender,
                wallet=wallet,
                to=body.to,
                data=body.data,
                nonce=body.nonce,
                signature=body.signature,
                metadata=body.metadata,
                effect=effect,
                check=check,
            )
        )

    # what may be wrong

    def _owned(self, body: bodies.Proxy | bodies.Safe, kind: SignatureType, signer: Wallet) -> Wallet:
        """The wallet, if the signer owns it and it can act now."""
        _expect_signer(body.sender, signer)
        wallet = funders(signer, kind)[0]
        _expect("proxyWallet", body.wallet, wallet)
        self._need_idle(wallet)
        expected = self._wallets.nonce(wallet)
        if int(body.nonce) != expected:
            raise refuse(400, f"nonce {body.nonce} does not match on-chain nonce {expected}")
        return wallet

    def _need_deployed(self, wallet: Wallet) -> None:
        if not self._wallets.deployed(wallet):
            raise refuse(400, f"wallet {checksum(wallet)} is not deployed")

    def _need_idle(self, wallet: Wallet) -> None:
        active = self._transactions.active(wallet)
        if active is None:
            return
        if active.state is State.NEW:
            raise refuse(400, f"wallet has in-flight action {active.id}")
        raise refuse(400, f"wallet busy: {checksum(wallet)} has an active action {active.id}")

    def _check_targets(self, sent: Sequence[Call]) -> None:
        if not sent:
            raise refuse(400, "no calls")
        for call in sent:
            if call.target not in calls.TARGETS:
                raise refuse(400, f"call target {checksum(call.target)} is not allowed")
            if calls.approved(call) in self._options.refused_spenders:
                raise refuse(400, f"approval of {checksum(calls.approved(call))} is not allowed")


def _recovered(recover: Callable[[], Wallet]) -> Wallet:
    try:
        return recover()
    except (BadSignature, OverflowError):  # the latter: a number that is no uint256, which nobody can sign
        raise refuse(400, "invalid signature") from None


def _read(read: Callable[[], list[Call]]) -> list[Call]:
    try:
        return read()
    except calls.UnreadableCalls as wrong:
        raise refuse(400, str(wrong)) from None


def _expect_signer(sender: str, signer: Wallet) -> None:
    if sender.lower() != signer:
        raise refuse(400, "invalid signature")


def _expect(field: str, got: str, wanted: str) -> None:
    if got.lower() != wanted.lower():
        raise refuse(400, f"{field} {got} is not {checksum(wanted)}")
