#!/usr/bin/env python3
"""Writes the Grafana dashboards beside it from the tables below; with --check it only says whether they agree.

A panel is (title, unit, width, description, {legend: expression}) and perhaps a kind other than a graph. $S stands for the
variables that choose the series; every expression uses it.
"""
import json
import pathlib
import sys

SELECT = 'job=~"$job",instance=~"$instance",migration=~"$migration"'
WITHOUT_MIGRATION = 'job=~"$job",instance=~"$instance"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

OPERATOR = [
    ("Phase", "none", 4, "The phase the migration is in.", {"{{phase}}": "max by (phase) (crossfade_phase{$S}) == 1"}, "name"),
    ("Lag", "s", 4, "How old what can be read in v2 is, by heartbeat: small on an idle server, growing when the line is cut.",
     {"lag": 'max by (migration) (crossfade_lag_seconds{$S,stage="applied"})'}, "stat"),
    ("Backfill ends in", "s", 4, "What is left to copy, by the pace of the last minute. Empty while nothing is copied.",
     {"left": "crossfade:backfill_eta_seconds{job=~\"$job\",migration=~\"$migration\"}"}, "stat"),
    ("Quarantined keys", "none", 4, "Keys that the new schema refuses. A cutover waits for them.",
     {"keys": "sum by (migration) (crossfade_quarantined_keys{$S})"}, "stat"),
    ("Last clean verification", "s", 4, "How long ago all of v2 was found equal to its views. Cutover wants less than a day.",
     {"ago": "time() - max by (migration) (crossfade_verify_last_success_timestamp_seconds{$S})"}, "stat"),
    ("Ready for a cutover", "bool_yes_no", 4, "Yes: nothing stands in the way. What does is listed below.",
     {"ready": "min by (migration) (crossfade_cutover_ready{$S})"}, "stat"),
    ("Lag in seconds", "s", 12, "By heartbeat, all times by the server's clock.",
     {"{{migration}}": 'max by (migration) (crossfade_lag_seconds{$S,stage="applied"})'}),
    ("Lag in bytes by stage", "bytes", 12, "WAL between the end of the log and what was received, applied and confirmed.",
     {"{{stage}}": "max by (migration, stage) (crossfade_lag_bytes{$S})"}),
    ("WAL kept for the slot", "bytes", 12, "What the server keeps on its disk for us, and how much more may be written before the slot is "
     "invalidated; without max_slot_wal_keep_size there is no such limit.",
     {"kept": "max by (migration) (crossfade_slot_retained_wal_bytes{$S})",
      "still safe": "min by (migration) (crossfade_slot_safe_wal_bytes{$S})"}),
    ("Held back", "none", 12, "1 while work is held back, by reason.",
     {"{{reason}}": "max by (migration, reason) (crossfade_throttled{$S})"}, "timeline"),
    ("Backfill", "percentunit", 8, "Rows copied of those expected, by target.",
     {"{{target}}": "max by (target) (crossfade_backfill_rows_total{$S} / (crossfade_backfill_rows_estimated{$S} > 0))"}),
    ("Keys that wait", "none", 8, "In memory, and spilled to crossfade.dirty while targets are filled or the daemon is held back.",
     {"in memory": "max by (migration) (crossfade_pending_keys{$S})", "spilled": "max by (migration) (crossfade_dirty_keys{$S})"}),
    ("Rows read on v2", "percentunit", 8, "Share of keys whose reads go to v2.",
     {"{{migration}}": "max by (migration) (crossfade_reads_on_v2_ratio{$S})"}),
    ("Quarantine", "none", 8, "Keys set aside, by target.", {"{{target}}": "max by (target) (crossfade_quarantined_keys{$S})"}),
    ("Proofs", "none", 8, "Rows that differ since the last clean verification, and source rows neither mapped nor rejected. Both must be 0.",
     {"drifted": "max by (migration) (crossfade_verify_drifted_rows{$S})",
      "unaccounted in {{source}}": "max by (source) (crossfade_unaccounted_rows{$S})"}),
    ("What stands in the way of a cutover", "none", 8, "1 while it does. `crossfade cutover reads --dry-run` says what mends it.",
     {"{{reason}}": "max by (migration, reason) (crossfade_cutover_blocker{$S})"}, "timeline"),
    ("Step log", "s", 12, "How long the steps of flips took, on average. `crossfade.cutover_step` has each of them, and who had the locks.",
     {"{{step}}": "sum by (step) (crossfade_cutover_step_duration_seconds_sum{$S}) / sum by (step) (crossfade_cutover_step_duration_seconds_count{$S})"},
     "bars"),
    ("Applications waited in the last flip", "s", 6, "From the first lock that applications wait for to the commit.",
     {"hold": "max by (migration) (crossfade_cutover_hold_seconds{$S})"}, "stat"),
    ("Leading daemons", "none", 6, "One, always.", {"leaders": "sum by (migration) (crossfade_leader{$S})"}, "stat"),
]

ENGINE = [
    ("Keys offered", "ops", 8, "Keys named as possibly changed, by reason.",
     {"{{reason}}": "sum by (reason) (rate(crossfade_keys_offered_total{$S}[$__rate_interval]))"}),
    ("Keys refreshed", "ops", 8, "Keys recomputed, by target. Fewer than offered: keys that come twice are refreshed once.",
     {"{{target}}": "sum by (target) (rate(crossfade_keys_refreshed_total{$S}[$__rate_interval]))"}),
    ("Source transactions settled", "ops", 8, "Transactions of which every key is refreshed or set aside.",
     {"{{migration}}": "sum by (migration) (rate(crossfade_transactions_settled_total{$S}[$__rate_interval]))"}),
    ("Rows written", "wps", 8, "Shadow rows inserted, updated and deleted.",
     {"{{op}}": "sum by (op) (rate(crossfade_rows_written_total{$S}[$__rate_interval]))"}),
    ("Rows written by target", "wps", 8, "The same, by target, over a minute.",
     {"{{target}}": 'crossfade:rows_written:rate1m{job=~"$job",migration=~"$migration"}'}),
    ("Rows found equal", "ops", 8, "Recomputed and left alone. Much more than written: follow rules offer more than changes.",
     {"{{target}}": "sum by (target) (rate(crossfade_rows_unchanged_total{$S}[$__rate_interval]))"}),
    ("Refresh duration", "s", 8, "From a snapshot to its commit.",
     {"p50": "histogram_quantile(0.5, sum by (le) (rate(crossfade_refresh_duration_seconds_bucket{$S}[$__rate_interval])))",
      "p99": "histogram_quantile(0.99, sum by (le) (rate(crossfade_refresh_duration_seconds_bucket{$S}[$__rate_interval])))"}),
    ("Slowest targets", "s", 8, "One refresh of a target, on average: what is slow has a name.",
     {"{{target}}": "sum by (target) (rate(crossfade_target_refresh_duration_seconds_sum{$S}[$__rate_interval])) / "
                    "sum by (target) (rate(crossfade_target_refresh_duration_seconds_count{$S}[$__rate_interval]))"}),
    ("Where the time goes", "none", 8, "Sessions that refresh each target, on average: what is slow, or often.",
     {"{{target}}": "sum by (target) (rate(crossfade_target_refresh_duration_seconds_sum{$S}[$__rate_interval]))"}),
    ("Keys that wait, by target", "none", 8, "In memory.",
     {"{{target}}": "max by (target) (crossfade_target_pending_keys{$S})"}),
    ("Chunk duration", "s", 8, "Of the backfill; chunks are sized to take less than a second.",
     {"p50": "histogram_quantile(0.5, sum by (le) (rate(crossfade_backfill_chunk_duration_seconds_bucket{$S}[$__rate_interval])))",
      "p99": "histogram_quantile(0.99, sum by (le) (rate(crossfade_backfill_chunk_duration_seconds_bucket{$S}[$__rate_interval])))"}),
    ("Sessions at work", "none", 8, "How many sessions copy or refresh, on average.",
     {"backfill": "sum(rate(crossfade_backfill_chunk_duration_seconds_sum{$S}[$__rate_interval]))",
      "refresh": "sum(rate(crossfade_refresh_duration_seconds_sum{$S}[$__rate_interval]))"}),
    ("Rows copied", "ops", 8, "By the backfill, by target, over a minute.",
     {"{{target}}": 'crossfade:backfill_rows:rate1m{job=~"$job",migration=~"$migration"}'}),
    ("Decoded but not yet applied", "bytes", 8, "WAL that was received and waits for its refresh.",
     {"{{migration}}": 'max by (migration) (crossfade_lag_bytes{$S,stage="applied"} - on (job, instance, migration) crossfade_lag_bytes{$S,stage="received"})'}),
    ("Repeated attempts", "ops", 8, "Rounds, chunks and connections that had to be tried again.",
     {"{{reason}}": "sum by (reason) (rate(crossfade_retries_total{$S}[$__rate_interval]))"}),
    ("Keys refused", "ops", 8, "Set aside, by class of SQLSTATE: 22 a value does not fit, 23 a constraint is broken.",
     {"{{sqlstate_class}}": "sum by (sqlstate_class) (rate(crossfade_quarantine_total{$S}[$__rate_interval]))"}),
    ("Parked targets", "none", 8, "1 while the database refuses all of a target; and rounds in a row that failed.",
     {"{{target}}": "max by (target) (crossfade_parked{$S})", "rounds that failed": "max(crossfade_failed_rounds{$S})"}),
    ("Messages refused", "ops", 8, "Logical messages that claim to be crossfade's own and are not.",
     {"{{migration}}": "sum by (migration) (rate(crossfade_messages_refused_total{$S}[$__rate_interval]))"}),
    ("Time held back", "percentunit", 8, "Share of the time, by reason.",
     {"{{reason}}": "sum by (reason) (rate(crossfade_throttled_seconds_total{$S}[$__rate_interval]))"}),
    ("Rows compared", "ops", 8, "By verifications that the daemon ran.",
     {"{{migration}}": "sum by (migration) (rate(crossfade_verify_rows_compared_total{$S}[$__rate_interval]))"}),
    ("Memory", "bytes", 8, "Resident, and the keys that wait within it.",
     {"resident": "max by (instance) (process_resident_memory_bytes{$P})", "keys": "max by (instance) (crossfade_pending_bytes{$S})"}),
    ("CPU", "percentunit", 8, "Of one core.", {"{{instance}}": "sum by (instance) (rate(process_cpu_seconds_total{$P}[$__rate_interval]))"}),
    ("Open files", "none", 8, "Sockets and files.", {"{{instance}}": "max by (instance) (process_open_fds{$P})"}),
    ("Connections", "none", 8, "1 while the connection stands.", {"{{endpoint}}": "max by (endpoint) (crossfade_up{$S})"}, "timeline"),
    ("Slot", "none", 8, "What the server says of the slot.",
     {"active": "max by (migration) (crossfade_slot_active{$S})", "{{wal_status}}": "max by (wal_status) (crossfade_slot_wal_status{$S})"},
     "timeline"),
    ("Version and epoch", "none", 8, "The version that runs, and how often the lease has changed hands.",
     {"{{version}}": "max by (version) (crossfade_build_info{$S})", "epoch": "max by (migration) (crossfade_leader_epoch{$S})"}, "stat"),
]

KINDS = {"stat": "stat", "name": "stat", "timeline": "state-timeline", "bars": "bargauge", "graph": "timeseries"}
HEIGHTS = {"stat": 4, "name": 4}


def expression(text):
    return text.replace("$S", SELECT).replace("$P", WITHOUT_MIGRATION)


def panel(number, place, title, unit, width, description, targets, kind="graph"):
    instant = kind in {"stat", "name", "bars"}
    options = {}
    if kind in {"stat", "name"}:
        options = {"reduceOptions": {"calcs": ["lastNotNull"]}, "textMode": "name" if kind == "name" else "auto"}
    if kind == "bars":
        options = {"orientation": "horizontal", "reduceOptions": {"calcs": ["lastNotNull"]}}
    return {
        "id": number, "type": KINDS[kind], "title": title, "description": description, "datasource": DATASOURCE,
        "gridPos": {"x": place[0], "y": place[1], "w": width, "h": HEIGHTS.get(kind, 7)},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []}, "options": options,
        "targets": [{"refId": chr(ord("A") + n), "datasource": DATASOURCE, "expr": expression(expr), "legendFormat": legend,
                     "instant": instant, "range": not instant}
                    for n, (legend, expr) in enumerate(targets.items())],
    }


def place_panels(table):
    """From left to right, a new line where the next one does not fit."""
    x = y = height = 0
    for number, entry in enumerate(table, 1):
        if x + entry[2] > 24:
            x, y = 0, y + height
        yield (one := panel(number, (x, y), *entry))
        x, height = x + entry[2], one["gridPos"]["h"]


def variable(name, label, values, **more):
    return {"type": "query", "name": name, "label": label, "datasource": DATASOURCE, "query": {"query": values, "refId": name},
            "refresh": 2, "sort": 1, "includeAll": True, "multi": True, "current": {"text": "All", "value": "$__all"}, **more}


VARIABLES = [
    {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus"},
    variable("job", "Job", "label_values(crossfade_build_info, job)"),
    variable("instance", "Instance", 'label_values(crossfade_build_info{job=~"$job"}, instance)'),
    variable("migration", "Migration", 'label_values(crossfade_build_info{job=~"$job",instance=~"$instance"}, migration)'),
]

# The value of the series is when the phase began, in milliseconds.
PHASES = {
    "name": "Phases", "enable": True, "iconColor": "blue", "datasource": DATASOURCE, "useValueForTime": True,
    "expr": expression("(crossfade_phase{$S} == 1) * on (job, instance, migration) group_left ()"
                       " crossfade_phase_entered_timestamp_seconds{$S} * 1000"),
    "titleFormat": "{{migration}}: {{phase}}",
}


def dashboard(uid, title, table):
    return {
        "uid": uid, "title": title, "tags": ["crossfade"], "schemaVersion": 38, "editable": True, "graphTooltip": 1,
        "refresh": "10s", "time": {"from": "now-1h", "to": "now"}, "templating": {"list": VARIABLES},
        "annotations": {"list": [PHASES]}, "panels": list(place_panels(table)),
        "links": [{"type": "dashboards", "title": "crossfade", "tags": ["crossfade"], "includeVars": True, "keepTime": True}],
    }


def main():
    folder = pathlib.Path(__file__).resolve().parent / "grafana/dashboards"
    stale = 0
    for name, made in {"crossfade-operator.json": dashboard("crossfade-operator", "crossfade: the migration", OPERATOR),
                       "crossfade-engine.json": dashboard("crossfade-engine", "crossfade: the engine room", ENGINE)}.items():
        text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        if sys.argv[1:] != ["--check"]:
            (folder / name).write_text(text)
        elif (folder / name).read_text() != text:
            stale = 1
            print(f"{name} is not what the tables say: run monitoring/make_dashboards.py")
    sys.exit(stale)


if __name__ == "__main__":
    main()
