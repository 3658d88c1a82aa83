"""Grafana's dashboards: what they show, and the JSON that is made of it."""

import json

import yaml

import chart

RUNBOOKS = yaml.safe_load((chart.CHART / "values.yaml").read_text())["monitoring"]["rules"]["runbookUrl"]

# `$s` stands for the matchers of the chosen releases, `$one` for these and the chosen source, `$rate` for the window of a rate.
ALL = 'namespace=~"$namespace",job=~"$job"'
SHORT = {"$s": ALL, "$one": f'{ALL},source=~"$source"', "$rate": "$__rate_interval"}

REFUSED = 'result=~"unavailable|overloaded"'
COUNTED = 'result!~"unauthorized|malformed|too_large"'


def quantiles(histogram, by="", where="$s"):
    """Median and 99th percentile, each with the name that its line has."""
    grouping, legend = (f"le, {by}", "{{" + by + "}} ") if by else ("le", "")
    return [(f"histogram_quantile({q}, sum by ({grouping}) (rate({histogram}_bucket{{{where}}}[$rate])))", f"{legend}{name}")
            for q, name in ((0.5, "median"), (0.99, "99 %"))]


def row(title):
    return {"type": "row", "title": title}


def panel(title, kind, description, queries, unit="short", width=8, height=7, **more):
    """`queries` are pairs of an expression and the name of its series."""
    return {"type": kind, "title": title, "description": description, "queries": queries, "unit": unit, "w": width, "h": height, **more}


def stat(title, description, query, unit="short", bad=None, width=4, **more):
    """One number; red from `bad` on."""
    return panel(title, "stat", description, [(query, "")], unit, width, 4, bad=bad, **more)


def lines(title, description, queries, unit="short", width=8, **more):
    return panel(title, "timeseries", description, queries, unit, width, **more)


OVERVIEW = [
    row("Now"),
    stat("Ready pods", "Pods that are ready. `usher_ready` says what the others wait for.", "sum(min by (pod, instance) (usher_ready{$s}))"),
    stat("Halted sources", "Sources that refuse usher's credentials or rights. Runbook: UsherSourceHalted.", "sum(max by (source) (usher_source_halted{$s}))", bad=1),
    stat("Unreachable sources", "Products that do not answer. Runbook: UsherSourceUnreachable.", "sum(max by (source) (usher_source_unreachable{$s}))", bad=1),
    stat("Paused sources", "Sources that an administrator has paused.", "count(max by (source) (usher_source_paused_seconds{$s}) > 0) or vector(0)"),
    stat("Held runs", "Runs that would change more users than their limits allow. Runbook: UsherRunHeld.", 'max(usher_runs{$s,state="held"})', bad=1),
    stat("Held newcomers", "Users that appeared at once without a webhook. Runbook: UsherNewcomersHeld.", "sum(max by (source) (usher_reconciliation_held_users{$s}))", bad=1),
    stat("Error budget left", "Of the deliveries of 30 days, the part of the budget for refusals of usher's own that is left.",
         f"1 - (sum(increase(usher_webhooks_total{{$s,{REFUSED}}}[30d])) / sum(increase(usher_webhooks_total{{$s,{COUNTED}}}[30d]))) / $budget", "percentunit", low=0.1),
    stat("Dead letters", "Records that were given up in the chosen time. Runbook: UsherDeadLetters.", "sum(increase(usher_dead_letters_total{$s}[$__range]))", bad=1),
    stat("Credentials expire", "The time until the first source's credentials expire. Runbook: UsherCredentialsExpireSoon.",
         "min(usher_credentials_expiry_seconds{$s})", "s", low=14 * 86400),
    stat("Feeds behind", "How far the slowest feed is behind. Runbook: UsherFeedBehind.", "max(usher_feed_lag_seconds{$s})", "s", bad=900),
    stat("Lag", "Records that wait. Runbook: UsherLagGrowing.", "sum(usher_log_lag_records{$s})", bad=1000),
    stat("Versions", "Different versions that run. Runbook: UsherVersionsMixed.", "count(count by (version, commit) (usher_build_info{$s}))", bad=2),
    stat("Configurations", "Different configurations that run. Runbook: UsherConfigsDiffer.", "count(count by (hash) (usher_config_info{$s}))", bad=2),
    stat("Refused changes", "Pods that refuse a changed configuration. Runbook: UsherConfigRefused.",
         "count(usher_config_last_reload_successful{$s} == 0) or vector(0)", bad=1),
    row("Webhooks"),
    lines("Deliveries", "Deliveries by result. `unavailable` and `overloaded` are usher's own fault.",
          [("sum by (result) (rate(usher_webhooks_total{$s}[$rate]))", "{{result}}")], "reqps"),
    lines("Refused for reasons of usher's own", "The part of deliveries that count against the SLO, in a short and a long window.",
          [(f"sum(rate(usher_webhooks_total{{$s,{REFUSED}}}[{window}])) / sum(rate(usher_webhooks_total{{$s,{COUNTED}}}[{window}]))", window)
           for window in ("5m", "1h", "6h")], "percentunit"),
    lines("Time to answer", "From a delivery to its answer: it is durable then.", quantiles("usher_webhook_seconds"), "s", exemplar=True),
    lines("Since the last delivery", "The time since a delivery of each source was accepted.",
          [("time() - max by (source) (usher_webhook_last_accepted_timestamp_seconds{$s})", "{{source}}")], "s"),
    lines("Deliveries of each source", "Accepted deliveries by source.",
          [('sum by (source) (rate(usher_webhooks_total{$s,result="accepted"}[$rate]))', "{{source}}")], "reqps"),
    lines("Wrong proofs", "Deliveries whose proof is wrong. Runbook: UsherUnauthorizedWebhooks.",
          [('sum by (source) (rate(usher_webhooks_total{$s,result="unauthorized"}[$rate]))', "{{source}}")], "reqps"),
    row("Product calls"),
    lines("Calls", "Calls of each product.", [("sum by (source) (rate(usher_product_request_seconds_count{$s}[$rate]))", "{{source}}")], "reqps"),
    lines("Failed calls", "Answers of 5xx, and calls without an answer of the product.",
          [('sum by (source, status) (rate(usher_product_request_seconds_count{$s,status!~"[1-4].."}[$rate])) or vector(0)', "{{source}} {{status}}")], "reqps"),
    lines("Time of calls", "How long products take to answer.", quantiles("usher_product_request_seconds", "source"), "s", exemplar=True),
    row("Work"),
    lines("Steps", "Steps by result.", [("sum by (result) (rate(usher_steps_total{$s}[$rate]))", "{{result}}")], "ops"),
    lines("From event to action", "From an event being durable to its first product call being done. Runbook: UsherSlowToAct.",
          quantiles("usher_event_to_action_seconds"), "s", exemplar=True),
    lines("Asked to slow down", "Answers of products that refuse a call as one too many. Runbook: UsherThrottled.",
          [("sum by (source) (rate(usher_product_throttled_total{$s}[$rate]))", "{{source}}")], "reqps"),
    lines("Lag", "Records that wait, by stream.", [("sum by (stream) (usher_log_lag_records{$s})", "{{stream}}")]),
    lines("Creations without a webhook", "Creations found by a feed or by comparing. Runbook: UsherWebhooksLost.",
          [("sum by (source) (increase(usher_reconciled_total{$s}[1h]))", "{{source}}")]),
    lines("Feeds", "How far each feed is behind.", [("max by (source) (usher_feed_lag_seconds{$s})", "{{source}}")], "s"),
]

ENGINE = [
    row("State"),
    lines("Lag", "Records that wait, by stream. Runbook: UsherLagGrowing.", [("sum by (stream) (usher_log_lag_records{$s})", "{{stream}}")]),
    lines("Components that fail", "Parts that do not do what they are for. usher is not ready then.",
          [("sum by (component) (usher_component_failing{$s})", "{{component}}")]),
    lines("Partition failures", "Times that a partition could not be worked on.",
          [("sum by (stage) (rate(usher_partition_failures_total{$s}[$rate]))", "{{stage}}")], "ops"),
    lines("Waits for", "What a process that is not ready waits for.",
          [('count by (waiting_for) (usher_ready{$s,waiting_for!=""}) or vector(0)', "{{waiting_for}}")]),
    lines("Lag of the lists", "Records that the lists of runs, users and decisions have still to read, in the slowest process.",
          [("max by (stream) (usher_view_lag_records{$s})", "{{stream}}")]),
    lines("Paused", "Sources and schemes that are paused.", [("sum by (kind) (max by (kind, id) (usher_paused{$s}))", "{{kind}}")]),
    row("Partitions and log"),
    lines("Partitions", "Partitions that are held, and those whose state is read back.",
          [("sum by (state) (usher_partitions{$s})", "{{state}}")]),
    lines("Partitions of each pod", "How the work is shared.", [("sum by (pod) (usher_partitions{$s})", "{{pod}}")]),
    lines("Time to read back", "The mean time from a partition coming to a process to its state being read back, since the start.",
          [("sum by (pod) (usher_restore_seconds_sum{$s}) / sum by (pod) (usher_restore_seconds_count{$s})", "{{pod}}")], "s"),
    lines("Rebalances", "Times in an hour that a group on Kafka shared out its partitions.",
          [("sum by (group_stage) (increase(usher_rebalances_total{$s}[1h]))", "{{group_stage}}")]),
    lines("Time to append", "From a record being given to the log to it being durable.", quantiles("usher_append_seconds"), "s", exemplar=True),
    lines("Built anew", "Times that a damaged store was built anew from the log.", [("sum(usher_store_rebuilds_total{$s})", "stores")]),
    row("Disk and process"),
    lines("Free disk", "Bytes free where `data_dir` is. Below 64 MiB no webhook is accepted. Runbook: UsherDiskFilling.",
          [("min by (pod) (usher_data_free_bytes{$s})", "{{pod}}")], "bytes"),
    lines("Data", "What `data_dir` takes, by part.", [("sum by (part) (usher_data_bytes{$s})", "{{part}}")], "bytes"),
    lines("CPU", "Cores that each process uses.", [("sum by (pod) (rate(process_cpu_seconds_total{$s}[$rate]))", "{{pod}}")], "short"),
    lines("Memory", "Resident memory of each process.", [("max by (pod) (process_resident_memory_bytes{$s})", "{{pod}}")], "bytes"),
    lines("Open files", "Open file descriptors, and how many are allowed.",
          [("max by (pod) (process_open_fds{$s})", "{{pod}}"), ("min(process_max_fds{$s})", "allowed")]),
    lines("Running for", "The time since each process started.", [("time() - max by (pod) (process_start_time_seconds{$s})", "{{pod}}")], "s"),
    row("Work"),
    lines("Decisions", "Answers of schemes to events, by result.", [("sum by (result) (rate(usher_decisions_total{$s}[$rate]))", "{{result}}")], "ops"),
    lines("Steps by action", "Steps that changed something, by action.",
          [('sum by (action) (rate(usher_steps_total{$s,result="changed"}[$rate]))', "{{action}}")], "ops"),
    lines("Users of sweeps", "Users sighted by sweeps.", [("sum by (source) (rate(usher_sweep_users_total{$s}[$rate]))", "{{source}}")], "ops"),
    lines("From event to action", "Without sweeps.", quantiles("usher_event_to_action_seconds"), "s", exemplar=True),
    lines("From sighting to action", "Of sweeps: a user waits for all users before.", quantiles("usher_sweep_event_to_action_seconds"), "s"),
    lines("Runs", "Runs of sweeps that are running, or held.", [("max by (state) (usher_runs{$s})", "{{state}}")]),
    row("Again, early, given up"),
    lines("Recognised as done before", "Records that came again, by stage.", [("sum by (stage) (rate(usher_duplicates_total{$s}[$rate]))", "{{stage}}")], "ops"),
    lines("Decided early", "Events that no longer waited for steps of the same user.",
          [("sum by (source) (rate(usher_decided_early_total{$s}[$rate]))", "{{source}}")], "ops"),
    lines("Dead letters", "Records given up, by stage. Runbook: UsherDeadLetters.",
          [("sum by (stage) (increase(usher_dead_letters_total{$s}[1h]))", "{{stage}}")]),
    row("Listeners and logs"),
    lines("Closed connections", "Connections that a listener closed, by reason.",
          [("sum by (listener, reason) (rate(usher_connections_closed_total{$s}[$rate]))", "{{listener}} {{reason}}")], "ops"),
    lines("Wrong admin tokens", "Requests with a wrong admin token.",
          [("sum by (reason) (rate(usher_admin_tokens_refused_total{$s}[$rate]))", "{{reason}}")], "ops"),
    lines("Lost log lines", "Log lines that standard error did not take.", [("sum(rate(usher_log_lines_dropped_total{$s}[$rate]))", "lost")], "ops"),
]

SOURCE = [
    row("Now"),
    stat("Halted", "1 while the product refuses usher's credentials or rights. Runbook: UsherSourceHalted.", "max(usher_source_halted{$one})", bad=1),
    stat("Unreachable", "1 while the product does not answer. Runbook: UsherSourceUnreachable.", "max(usher_source_unreachable{$one})", bad=1),
    stat("Paused for", "How long the source has been paused.", "max(usher_source_paused_seconds{$one})", "s"),
    stat("Credentials expire", "The time until the credentials expire.", "min(usher_credentials_expiry_seconds{$one})", "s", low=14 * 86400),
    stat("Feed behind", "How far the feed is behind.", "max(usher_feed_lag_seconds{$one})", "s", bad=900),
    stat("Since the last delivery", "The time since a delivery was accepted.", "time() - max(usher_webhook_last_accepted_timestamp_seconds{$one})", "s"),
    row("What comes in"),
    lines("Deliveries", "Deliveries by result.", [("sum by (result) (rate(usher_webhooks_total{$one}[$rate]))", "{{result}}")], "reqps"),
    lines("Events", "Events by kind.", [("sum by (kind) (rate(usher_events_total{$one}[$rate]))", "{{kind}}")], "ops"),
    lines("Ignored", "What the product told of and usher does not look at, by reason.",
          [("sum by (reason) (rate(usher_webhooks_ignored_total{$one}[$rate]))", "{{reason}}")], "ops"),
    lines("Creations without a webhook", "Creations found by the feed or by comparing. Runbook: UsherWebhooksLost.",
          [("sum(increase(usher_reconciled_total{$one}[1h]))", "found")]),
    lines("Unreadable", "Records that can't be read, and times that can't be right.",
          [("sum by (kind) (increase(usher_records_passed_over_total{$one}[1h]))", "{{kind}}"), ("sum(increase(usher_implausible_times_total{$one}[1h]))", "times")]),
    lines("Held", "Users and creations that wait for an administrator.",
          [("max(usher_reconciliation_held_users{$one})", "newcomers"), ("sum(increase(usher_creations_held_total{$one}[1h]))", "creations with held steps")]),
    row("Product calls"),
    lines("Calls", "Calls by status.", [("sum by (status) (rate(usher_product_request_seconds_count{$one}[$rate]))", "{{status}}")], "reqps"),
    lines("Time by operation", "The 99th percentile of each operation.",
          [("histogram_quantile(0.99, sum by (le, operation) (rate(usher_product_request_seconds_bucket{$one}[$rate])))", "{{operation}}")], "s", exemplar=True),
    lines("Asked to slow down", "Answers that refuse a call as one too many. Runbook: UsherThrottled.",
          [("sum(rate(usher_product_throttled_total{$one}[$rate]))", "refused")], "reqps"),
    lines("Share of the rate", "The part of the source's `rate` that each process takes.", [("sum by (pod) (usher_rate_share{$one})", "{{pod}}")], "percentunit"),
    row("Work"),
    lines("Decisions", "Answers of schemes, by scheme and result.",
          [("sum by (scheme, result) (rate(usher_decisions_total{$one}[$rate]))", "{{scheme}} {{result}}")], "ops"),
    lines("Steps", "Steps by action and result, those that happened.",
          [("sum by (action, result) (increase(usher_steps_total{$one}[$__range])) > 0", "{{action}} {{result}}")]),
    lines("Names that are missing", "Names in schemes and in `protect` that the product does not have.",
          [("max by (kind) (usher_references_unresolved{$one})", "{{kind}}")]),
    lines("Next schedules", "The time until each schedule is due. Runbook: UsherScheduleMissed.",
          [("max by (scheme) (usher_schedule_next_timestamp_seconds{$one}) - time()", "{{scheme}}")], "s"),
]


def expand(expression):
    for short, long in SHORT.items():
        expression = expression.replace(short + "}", long + "}").replace(short + ",", long + ",").replace(short + "]", long + "]")
    return expression


SOURCE_OF_DATA = {"type": "prometheus", "uid": "${datasource}"}


def thresholds(item):
    steps = [{"color": "green", "value": None}]
    if item.get("bad") is not None:
        steps.append({"color": "red", "value": item["bad"]})
    if item.get("low") is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": item["low"]}]
    return {"mode": "absolute", "steps": steps}


def one_panel(item, number, x, y):
    targets = [
        {"datasource": SOURCE_OF_DATA, "expr": expand(expression), "legendFormat": legend or "__auto", "refId": chr(65 + place), "range": True,
         **({"exemplar": True} if item.get("exemplar") else {})}
        for place, (expression, legend) in enumerate(item["queries"])
    ]
    made = {
        "id": number, "type": item["type"], "title": item["title"], "description": item["description"], "datasource": SOURCE_OF_DATA,
        "gridPos": {"x": x, "y": y, "w": item["w"], "h": item["h"]}, "targets": targets,
        "fieldConfig": {"defaults": {"unit": item["unit"], "min": 0, "thresholds": thresholds(item)}, "overrides": []},
    }
    if item["type"] == "stat":
        made["options"] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "none"}
        if item.get("low") is not None:
            del made["fieldConfig"]["defaults"]["min"]
    else:
        made["fieldConfig"]["defaults"]["custom"] = {"fillOpacity": 10, "showPoints": "never", "spanNulls": True}
        made["options"] = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    alert = item["description"].rpartition("Runbook: ")[2].rstrip(".")
    if alert.startswith("Usher"):
        made["links"] = [{"title": f"Runbook {alert}", "url": f"{RUNBOOKS}#{alert.lower()}", "targetBlank": True}]
    return made


def laid_out(items):
    """Panels from left to right, in rows of 24 columns."""
    x = y = height = 0
    for number, item in enumerate(items, 1):
        if item["type"] == "row":
            x, y, height = 0, y + height, 1
            yield {"id": number, "type": "row", "title": item["title"], "collapsed": False, "panels": [], "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}
            y, height = y + 1, 0
            continue
        if x + item["w"] > 24:
            x, y, height = 0, y + height, 0
        yield one_panel(item, number, x, y)
        x, height = x + item["w"], max(height, item["h"])


def chosen(name, label, query, many=True):
    """A variable whose values Prometheus knows. `.*` also finds series that lack the label."""
    made = {"name": name, "label": label, "type": "query", "datasource": SOURCE_OF_DATA, "definition": query, "query": {"query": query, "refId": name},
            "refresh": 2, "sort": 1, "multi": many, "includeAll": many}
    if many:
        made |= {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    return made


def variables(of_a_source):
    made = [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        chosen("namespace", "Namespace", "label_values(usher_build_info, namespace)"),
        chosen("job", "Job", 'label_values(usher_build_info{namespace=~"$namespace"}, job)'),
    ]
    if of_a_source:
        made.append(chosen("source", "Source", f"label_values(usher_source_halted{{{ALL}}}, source)", many=False))
    made.append({"name": "budget", "label": "Error budget", "type": "textbox", "query": "0.001", "hide": 2})
    made.append({"name": "console", "label": "Console", "type": "textbox", "query": "http://localhost:8081/"})
    return made


def dashboard(name, description, items):
    links = [
        {"type": "dashboards", "title": "usher", "tags": ["usher"], "asDropdown": True, "includeVars": True, "keepTime": True},
        {"type": "link", "title": "Runbooks", "url": RUNBOOKS, "icon": "doc", "targetBlank": True},
        {"type": "link", "title": "Console", "url": "${console}", "icon": "external link", "targetBlank": True},
    ]
    return {
        "uid": f"usher-{name.lower()}", "title": f"usher / {name}", "description": description, "tags": ["usher"], "schemaVersion": 39, "version": 1,
        "editable": True, "graphTooltip": 1, "time": {"from": "now-6h", "to": "now"}, "refresh": "1m", "links": links,
        "templating": {"list": variables(name == "Source")}, "annotations": {"list": []}, "panels": list(laid_out(items)),
    }


def files():
    """Each dashboard as text, by the name of its file."""
    made = {
        "overview": dashboard("Overview", "Whether usher accepts webhooks, calls products and does its work in time.", OVERVIEW),
        "engine": dashboard("Engine", "How the engine works: lag, partitions, the log, the process.", ENGINE),
        "source": dashboard("Source", "One product: what comes in, how it answers, what is done there.", SOURCE),
    }
    return {chart.CHART / "dashboards" / f"{name}.json": json.dumps(text, indent=1, ensure_ascii=False) + "\n" for name, text in made.items()}
