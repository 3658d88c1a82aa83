"""For each alert: series that make it fire, with what it says then, and series on which it keeps silent.

A series is `name{labels}` with values in promtool's notation, a sample a minute. `OWN` labels are added to it.
"""

from dataclasses import dataclass, field

OWN = {"namespace": "people", "job": "release-usher-headless"}


@dataclass
class Alert:
    """A firing alert: when it is looked at, its labels besides `OWN` and severity, its description; and silent cases."""

    fires: dict
    at: str
    says: str
    labels: dict = field(default_factory=dict)
    silent: list = field(default_factory=list)
    severity: str = "ticket"


ACME = {"source": "acme"}
UNAVAILABLE = 'usher_webhooks_total{source="acme",result="unavailable"}'
ACCEPTED = 'usher_webhooks_total{source="acme",result="accepted"}'
UNAUTHORIZED = 'usher_webhooks_total{source="acme",result="unauthorized"}'
QUICK = 'usher_event_to_action_seconds_bucket{le="30"}'
ACTIONS = "usher_event_to_action_seconds_count"
EXPIRY = 'usher_credentials_expiry_seconds{source="acme"}'
FAILED = 'usher_steps_total{source="acme",action="add_groups",result="failed"}'
CHANGED = 'usher_steps_total{source="acme",action="add_groups",result="changed"}'
RECONCILED = 'usher_reconciled_total{source="acme"}'
CREATED = 'usher_events_total{source="acme",kind="created"}'
LAG = 'usher_log_lag_records{stream="events"}'
OLD = 'usher_build_info{version="0.1.0",commit="aaaa"}'
NEW = 'usher_build_info{version="0.2.0",commit="bbbb"}'
DAY = 86400

ALERTS = {
    "UsherDown": Alert(
        fires={'up{pod="a"}': "0x20", 'up{pod="b"}': "1x3 0x20"}, at="12m", severity="page",
        says="No pod of usher in people was scraped for 5 minutes. No webhook is accepted and no event is processed.",
        silent=[{'up{pod="a"}': "0x20", 'up{pod="b"}': "1x20"}],
    ),
    "UsherIntakeBurnFast": Alert(
        fires={UNAVAILABLE: "0+10x60", ACCEPTED: "0+30x60"}, at="30m", severity="page",
        says="usher refused 25% of the deliveries in people for reasons of its own. At this rate the error budget of 30 days lasts less than 5 days.",
        silent=[
            # Many fail, but they are few.
            {UNAVAILABLE: "0 0 0 0 0 5x60", ACCEPTED: "0+0.1x60"},
            # They are many, but not of so many.
            {UNAVAILABLE: "0+2x60", ACCEPTED: "0+998x60"},
            # It is the sender's fault.
            {UNAUTHORIZED: "0+10x60", ACCEPTED: "0+30x60"},
        ],
    ),
    "UsherIntakeBurnSlow": Alert(
        fires={UNAVAILABLE: "0+2x90", ACCEPTED: "0+998x90"}, at="80m",
        says="usher refused 0.2% of the deliveries of 3 days in people for reasons of its own. At this rate the error budget does not last 30 days.",
        silent=[{UNAVAILABLE: "0+1x90", ACCEPTED: "0+1999x90"}],
    ),
    "UsherSlowToAct": Alert(
        fires={QUICK: "0+5x60", ACTIONS: "0+10x60"}, at="40m",
        says="50% of the events in people waited longer than 30 s for their first product call.",
        silent=[{QUICK: "0+0.25x60", ACTIONS: "0+0.5x60"}, {QUICK: "0+1000x60", ACTIONS: "0+1001x60"}],
    ),
    "UsherSourceHalted": Alert(
        fires={'usher_source_halted{source="acme"}': "1x20"}, at="8m", labels=ACME, severity="page",
        says="acme refuses usher's credentials or rights. Its events are kept, and nothing is done until the cause is removed.",
        silent=[{'usher_source_halted{source="acme"}': "1x3 0x20"}],
    ),
    "UsherSourceUnreachable": Alert(
        fires={'usher_source_unreachable{source="acme"}': "1x60"}, at="35m", labels=ACME,
        says="acme has not answered for 30 minutes. Its events are kept and processed when it answers.",
        silent=[{'usher_source_unreachable{source="acme"}': "1x20 0x40"}],
    ),
    "UsherCredentialsExpireSoon": Alert(
        fires={EXPIRY: f"{10 * DAY}x30"}, at="15m", labels=ACME, says="The credentials of acme expire in 10d 0h 0m 0s.",
        silent=[{EXPIRY: f"{20 * DAY}x30"}, {EXPIRY: f"{2 * DAY}x30"}],
    ),
    "UsherCredentialsExpireNow": Alert(
        fires={EXPIRY: f"{2 * DAY}x30"}, at="15m", labels=ACME, severity="page",
        says="The credentials of acme expire in 2d 0h 0m 0s. The source is halted then.",
        silent=[{EXPIRY: f"{10 * DAY}x30"}],
    ),
    "UsherUnauthorizedWebhooks": Alert(
        fires={UNAUTHORIZED: "0+1x30", ACCEPTED: "0+1x30"}, at="20m", labels=ACME,
        says="usher refused 15 deliveries for acme in 15 minutes, because their proof is wrong. A secret was changed on one side only, or somebody tries to forge deliveries.",
        silent=[{UNAUTHORIZED: "0+1x30", ACCEPTED: "0+100x30"}, {UNAUTHORIZED: "0+0.2x30", ACCEPTED: "0+0.1x30"}],
    ),
    "UsherFeedBehind": Alert(
        fires={'usher_feed_lag_seconds{source="acme",pod="a"}': "1200x30"}, at="20m", labels=ACME,
        says="The audit log of acme is read 20m 0s behind.",
        silent=[{'usher_feed_lag_seconds{source="acme",pod="a"}': "1200x10 5x20"}],
    ),
    "UsherWebhooksLost": Alert(
        fires={RECONCILED: "0+1x60", CREATED: "0+10x60"}, at="60m", labels=ACME,
        says="usher found 60 creations in acme in a day of which no webhook told.",
        silent=[{RECONCILED: "0+1x60", CREATED: "0+1000x60"}, {RECONCILED: "0 0 0 4x60", CREATED: "0+0.1x60"}],
    ),
    "UsherNewcomersHeld": Alert(
        fires={'usher_reconciliation_held_users{source="acme"}': "70x70"}, at="65m", labels=ACME,
        says="70 users of acme appeared at once without a webhook. Release or dismiss them.",
        silent=[{'usher_reconciliation_held_users{source="acme"}': "70x30 0x40"}],
    ),
    "UsherRunHeld": Alert(
        fires={'usher_runs{state="held",pod="a"}': "2x70", 'usher_runs{state="held",pod="b"}': "2x70"}, at="65m",
        says="2 runs in people would change more users than their limits allow. Release or cancel them.",
        silent=[{'usher_runs{state="held"}': "2x30 0x40"}, {'usher_runs{state="running"}': "2x70"}],
    ),
    "UsherDeadLetters": Alert(
        fires={'usher_dead_letters_total{stage="executor"}': "0x4 3x20"}, at="10m", labels={"stage": "executor"},
        says="3 records of the executor can't succeed and wait for an administrator.",
        silent=[{'usher_dead_letters_total{stage="executor"}': "3x20"}],
    ),
    "UsherStepsFailing": Alert(
        fires={FAILED: "0+1x40", CHANGED: "0+1x40"}, at="35m", labels=ACME, says="30 steps in acme failed in 30 minutes.",
        silent=[{FAILED: "0+1x40", CHANGED: "0+100x40"}, {FAILED: "0+0.1x40"}],
    ),
    "UsherLagGrowing": Alert(
        fires={LAG: "1000+100x90"}, at="75m", labels={"stream": "events"},
        says="8.5k records of events wait in people, and more arrive than are processed.",
        silent=[
            {LAG: "9000-50x90"},
            {LAG: "0+10x90"},
            {LAG: "1000+100x90", 'usher_source_halted{source="acme"}': "1x90"},
            {LAG: "1000+100x90", 'usher_source_paused_seconds{source="acme"}': "60+60x90"},
        ],
    ),
    "UsherThrottled": Alert(
        fires={'usher_product_throttled_total{source="acme"}': "0+12x80"}, at="70m", labels=ACME, severity="info",
        says="acme refuses 200m calls a second as too many.",
        silent=[{'usher_product_throttled_total{source="acme"}': "0+3x80"}],
    ),
    "UsherScheduleMissed": Alert(
        fires={'usher_schedule_next_timestamp_seconds{source="acme",scheme="leavers"}': "60x40"}, at="25m",
        labels={**ACME, "scheme": "leavers"}, says="leavers of acme was due 24m 0s ago.",
        silent=[{'usher_schedule_next_timestamp_seconds{source="acme",scheme="leavers"}': "60x5 3600x40"}],
    ),
    "UsherDiskFilling": Alert(
        fires={'usher_data_free_bytes{pod="usher-0"}': "10000000000-10000000x100"}, at="60m", labels={"pod": "usher-0"}, severity="page",
        says="The disk of usher-0 in people has 256 MiB left, or is full within 24 hours. Below 64 MiB no webhook is accepted.",
        silent=[{'usher_data_free_bytes{pod="usher-0"}': "10000000000x100"}, {'usher_data_free_bytes{pod="usher-0"}': "10000000000-100000x100"}],
    ),
    "UsherRestarts": Alert(
        fires={'process_start_time_seconds{pod="a"}': "0x5 300x5 600x5 900x10"}, at="20m", labels={"pod": "a"},
        says="a in people was started 3 times in 30 minutes. The last line of its log before each start says why.",
        # A rollout, and another one soon after.
        silent=[{'process_start_time_seconds{pod="a"}': "0x10 600x10 1200x30"}],
    ),
    "UsherVersionsMixed": Alert(
        fires={OLD: "1x90", NEW: "1x90"}, at="70m", says="2 versions run in people for an hour. A rollout does not go on.",
        silent=[{OLD: "1x30 _x60", NEW: "1x90"}],
    ),
    "UsherConfigsDiffer": Alert(
        fires={'usher_config_info{hash="aaaa"}': "1x90", 'usher_config_info{hash="bbbb"}': "1x90"}, at="70m",
        says="The pods in people run with 2 configurations for an hour. One of them refuses the new one, or waits for a restart.",
        silent=[{'usher_config_info{hash="aaaa"}': "1x30 _x60", 'usher_config_info{hash="bbbb"}': "1x90"}],
    ),
    "UsherConfigRefused": Alert(
        fires={'usher_config_last_reload_successful{pod="a"}': "1 0x30", 'usher_config_last_reload_successful{pod="b"}': "1x30"}, at="15m",
        says="A pod in people refuses the changed configuration and goes on with the one before. Its log names the line.",
        silent=[{'usher_config_last_reload_successful{pod="a"}': "1 0x5 1x30"}],
    ),
    "UsherConfigNeedsRestart": Alert(
        fires={'usher_config_needs_restart{key="log.kind"}': "1x90"}, at="70m", labels={"key": "log.kind"},
        says="The key log.kind has changed in people, and takes effect with a restart only.",
        silent=[{'usher_config_needs_restart{key="log.kind"}': "1x30 _x60"}],
    ),
}
