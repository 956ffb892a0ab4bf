"""Puts the detector together: the activity socket and one poll per target, on one deduplication."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from polybot.app.followed import Followed
from polybot.app.pace import REAL_TIME, Pace
from polybot.app.services import Services
from polybot.config.models import Settings
from polybot.monitoring.cursors import Cursors
from polybot.monitoring.dedupe import Deduplicator
from polybot.monitoring.detector import Detector, DetectorSettings, Target
from polybot.monitoring.sources import ActivityPollSource, ActivityStreamSource, PollSettings
from polybot.monitoring.target_positions import TargetPositions
from polybot.polymarket.streams.activity import ActivityStream
from polybot.ports.store import Event, Store
from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock


@dataclass(frozen=True, slots=True)
class Detection:
    """`stream` and `detector` are run by the bot's supervisor."""

    stream: ActivityStream
    detector: Detector
    positions: TargetPositions


def build_detection(
    followed: Sequence[Followed],
    *,
    settings: Settings,
    services: Services,
    store: Store,
    clock: Clock,
    telemetry: Telemetry,
    notify: Callable[[Event], None],
    since_s: int | None = None,
    pace: Pace = REAL_TIME,
) -> Detection:
    """`since_s`: venue second from which a wallet followed for the first time is read; None: from now on."""
    wallets = [target.wallet for target in followed]
    stream = ActivityStream(
        settings.endpoints.ws_activity, wallets=wallets, clock=clock, options=pace.activity, telemetry=telemetry
    )
    cursors = Cursors(store)
    positions = TargetPositions(reader=services.data, store=store, clock=clock, notify=notify)
    polls = [
        ActivityPollSource(
            wallet,
            reader=services.data,
            cursor=cursors.of,
            stream_healthy=stream.healthy,
            clock=clock,
            random=random.random,
            settings=poll_settings(settings, targets=len(wallets)),
            telemetry=telemetry,
        )
        for wallet in wallets
    ]
    detector = Detector(
        targets=[Target(target.wallet, target.name, since_s) for target in followed],
        sources=[ActivityStreamSource(stream, polls=polls), *polls],
        witnesses=polls,
        cursors=cursors,
        positions=positions,
        deduplicator=Deduplicator(),
        store=store,
        clock=clock,
        notify=notify,
        profiles=services.gamma,
        telemetry=telemetry,
        settings=DetectorSettings(positions_sync_interval_s=settings.polling.positions_sync_interval_s),
    )
    return Detection(stream, detector, positions)


_POLLS_PER_S = 16.0
"""Of the 20 activity reads a second that the Data API allows, what polling may use; the rest is for witnesses."""


def poll_settings(settings: Settings, *, targets: int) -> PollSettings:
    """The configured intervals, stretched so that all targets together keep the rate limit."""
    least_s = targets / _POLLS_PER_S
    polling = settings.polling
    return PollSettings(
        fast_s=max(polling.activity_interval_ms / 1000, least_s),
        gentle_s=max(polling.activity_interval_healthy_ms / 1000, least_s),
    )
