"""What the chain says of a wallet: its money, and whom it lets move it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from polybot.core.ids import Wallet
from polybot.core.money import Usdc
from polybot.polymarket.abi import UINT256_MAX, call_data
from polybot.polymarket.chain.rpc import RpcClient
from polybot.polymarket.contracts import PUSD, USDC_E
from polybot.polymarket.errors import Failure, FailureKind, RequestFailed
from polybot.ports.wallet import Approval, Standard

_WORD = 32
_PLENTY = UINT256_MAX >> 1
"""Some tokens count an unlimited allowance down."""


@dataclass(frozen=True, slots=True)
class Balances:
    """`pol_micro`: of the signing key's own address, which pays for a plain wallet's gas; millionths, rounded down."""

    pusd: Usdc
    usdc_e: Usdc
    pol_micro: int


class WalletFacts:
    """Reads through a node: RequestFailed without an answer, RpcError on the node's refusal."""

    def __init__(self, node: RpcClient, *, wallet: Wallet, signer_address: str) -> None:
        self._node = node
        self._wallet = wallet
        self._signer_address = signer_address

    async def balances(self) -> Balances:
        pusd, usdc_e, wei = await asyncio.gather(
            self._money(PUSD), self.usdc_e(), self._node.balance_wei(self._signer_address)
        )
        return Balances(pusd, usdc_e, wei // 10**12)

    async def usdc_e(self) -> Usdc:
        return await self._money(USDC_E)

    async def is_contract(self, address: str) -> bool:
        return bool(await self._node.code(address))

    async def missing(self, approvals: Iterable[Approval]) -> tuple[Approval, ...]:
        """Those that the wallet has not granted, or no longer without limit."""
        asked = tuple(approvals)
        granted = await asyncio.gather(*map(self._granted, asked))
        return tuple(approval for approval, yes in zip(asked, granted, strict=True) if not yes)

    async def _money(self, token: str) -> Usdc:
        return Usdc(await self._number(token, call_data("balanceOf(address)", self._wallet)))

    async def _granted(self, approval: Approval) -> bool:
        if approval.standard is Standard.ERC1155:
            function, least = "isApprovedForAll(address,address)", 1
        else:
            function, least = "allowance(address,address)", _PLENTY
        return await self._number(approval.token, call_data(function, self._wallet, approval.spender)) >= least

    async def _number(self, contract: str, data: bytes) -> int:
        told = await self._node.call(contract, data)
        if len(told) < _WORD:
            detail = f"{len(told)} bytes from {contract}: no such contract on this node's chain"
            raise RequestFailed("eth_call", Failure("maybe", FailureKind.GARBAGE, "no_contract", detail))
        return int.from_bytes(told[:_WORD], "big")
