#!/usr/bin/env python3
"""Whether the files of monitoring/, deploy/ and docs/ agree with each other and with the golden list of metrics.

Usage: files_test.py CHECK      (every function below whose name begins with check_ is one)
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"
RULES = MONITORING / "prometheus/crossfade.rules.yml"
GOLDEN = dict(line.split() for line in (ROOT / "tests/unit/base/metric_names.golden").read_text().splitlines())


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def dashboards():
    return [json.loads(path.read_text()) for path in sorted((MONITORING / "grafana/dashboards").glob("*.json"))]


def expressions():
    yield from (rule["expr"] for rule in rules())
    for dashboard in dashboards():
        yield from (target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
        yield from (note["expr"] for note in dashboard["annotations"]["list"])


def check_alerts():
    """Every alert says how bad it is, what is the matter, and where a person reads on; every runbook has its alert."""
    alerts = [rule for rule in rules() if "alert" in rule]
    for alert in alerts:
        name = alert["alert"]
        if alert["labels"]["severity"] not in {"info", "warning", "critical"}:
            yield f"{name}: severity {alert['labels']['severity']}"
        if missing := {"summary", "description", "runbook_url"} - alert["annotations"].keys():
            yield f"{name}: no {', '.join(sorted(missing))}"
        if alert["annotations"]["runbook_url"] != f"docs/runbooks/{name}.md":
            yield f"{name}: the runbook's address is not its own"
    names = {alert["alert"] for alert in alerts}
    pages = {path.stem for path in (ROOT / "docs/runbooks").glob("*.md")}
    yield from (f"{name}: no page in docs/runbooks" for name in sorted(names - pages))
    yield from (f"docs/runbooks/{name}.md: no such alert" for name in sorted(pages - names))
    for name in sorted(pages):
        if "## Look at" not in (text := (ROOT / f"docs/runbooks/{name}.md").read_text()) or "## Do" not in text:
            yield f"docs/runbooks/{name}.md: does not say where to look and what to do"


def check_names():
    """Rules and panels use only metrics that there are."""
    known = set(GOLDEN) | {rule["record"] for rule in rules() if "record" in rule}
    known |= {name + suffix for name, kind in GOLDEN.items() if kind == "histogram" for suffix in ("_bucket", "_sum", "_count")}
    for text in expressions():
        yield from (f"{name}: not on the golden list" for name in re.findall(r"\b(?:crossfade|process)[_:][a-z0-9_:]+", text)
                    if name not in known)


def check_panels():
    """Panels have a unit and a description, and go by the dashboard's variables; the dashboards' uids are fixed."""
    uids = [dashboard["uid"] for dashboard in dashboards()]
    if uids != ["crossfade-engine", "crossfade-operator"]:
        yield f"uids are {uids}"
    for dashboard in dashboards():
        if [variable["name"] for variable in dashboard["templating"]["list"]] != ["datasource", "job", "instance", "migration"]:
            yield f"{dashboard['uid']}: variables"
        for panel in dashboard["panels"]:
            where = f"{dashboard['uid']}: {panel['title']}"
            if not panel["description"].endswith(".") or not panel["fieldConfig"]["defaults"]["unit"]:
                yield f"{where}: no description or no unit"
            for target in panel["targets"]:
                if '$job"' not in target["expr"] or "[5m]" in target["expr"]:
                    yield f"{where}: {target['expr']}"


def check_metrics_page():
    """docs/metrics.md has every metric, with its type."""
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.M)
    if dict(rows) != GOLDEN or len(rows) != len(GOLDEN):
        yield f"docs/metrics.md and the golden list differ: {sorted(set(rows) ^ set(GOLDEN.items()))}"


def check_deploy():
    """The files of deploy/ are what those who read them understand."""
    for path in sorted((ROOT / "deploy").glob("*.yaml")) + sorted(MONITORING.glob("**/*.yml")):
        if not all(list(yaml.safe_load_all(path.read_text()))):
            yield f"{path.relative_to(ROOT)}: is empty, or has an empty document"
    for document in yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text()):
        if not {"apiVersion", "kind", "metadata"} <= document.keys():
            yield f"deploy/kubernetes.yaml: {document.get('kind')} lacks what every object has"
    if shutil.which("systemd-analyze"):
        # The program is not installed here.
        unit = (ROOT / "deploy/crossfade@.service").read_text().replace("/usr/bin/crossfade", "/bin/true")
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch) / "crossfade@gym.service"
            path.write_text(unit)
            found = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False)
            yield from (line for line in found.stderr.splitlines() if "crossfade@" in line)


if __name__ == "__main__":
    faults = list(globals()["check_" + sys.argv[1]]())
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
