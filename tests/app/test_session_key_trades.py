"""A bot that holds a session key alone trades for the deposit wallet whose owner authorised it."""

from pathlib import Path

from wallet_scene import folder_for, with_builder_key
from wire_scene import polybot, prepared, simulated_market

from polybot.polymarket.signing import LocalSigner

KEY = "0x" + "5e" * 32


def test_a_session_key_copies_for_the_owner_s_wallet(tmp_path: Path) -> None:
    with simulated_market(tmp_path) as market:
        leader = market.account(balance=10_000, name="leader")
        owner = market.account(balance=500)
        home = folder_for(tmp_path, market, owner, relayer_key=False)
        with_builder_key(home, market, owner)
        address = LocalSigner.from_hex(KEY).address
        typed = polybot("setup", "session-key", address, "--yes", "--config", home.folder)
        assert typed.code == 0, typed.err

        account = {**owner, "private_key": KEY}
        bot = prepared(tmp_path / "session", market, leader=leader["wallet"], account=account)
        accounts = bot.folder / "accounts.yaml"
        accounts.write_text(accounts.read_text().replace("session_key: false", "session_key: true"))
        ready = polybot("setup", "--json", "--config", bot.folder)
        assert (ready.code, ready.document["plan"]) == (0, []), ready.err
        with bot.started("live"):
            bot.trading()
            market.trade("leader", "BUY", amount=40)
            bot.knows("the copy", lambda status: status["fills"] == 1)
        assert len(market.ledger(owner["wallet"])["fills"]) == 1
