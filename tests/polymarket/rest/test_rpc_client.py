"""A node's answers that are not what was asked for are no answers."""

import json

import pytest
from wire_service import client_of, reply, serving

from polybot.core.ids import Wallet
from polybot.polymarket.chain.rpc import RpcClient
from polybot.polymarket.errors import FailureKind, RequestFailed
from polybot.polymarket.wallet_calls import TRADING
from polybot.polymarket.wallet_facts import WalletFacts

SOMEONE = "0x" + "12" * 20


@pytest.mark.parametrize("told", ["0xzz", "0x123", "nothing"])
async def test_bytes_that_are_no_hex_are_garbage(told: str) -> None:
    answer = reply(json.dumps({"jsonrpc": "2.0", "id": 1, "result": told}))
    async with serving(answer) as service, client_of(service.url) as http:
        rpc = RpcClient(http)
        for asked in (rpc.code(SOMEONE), rpc.call(SOMEONE, b"\x01")):
            with pytest.raises(RequestFailed) as failed:
                await asked
            assert failed.value.failure.kind is FailureKind.GARBAGE


@pytest.mark.parametrize("told", ["0x", "0x01"])
async def test_a_chain_without_our_contracts_tells_nothing_of_a_wallet(told: str) -> None:
    answer = reply(json.dumps({"jsonrpc": "2.0", "id": 1, "result": told}))
    async with serving(answer) as service, client_of(service.url) as http:
        facts = WalletFacts(RpcClient(http), wallet=Wallet(SOMEONE), signer_address=SOMEONE)
        with pytest.raises(RequestFailed, match="no such contract"):
            await facts.missing(TRADING)
