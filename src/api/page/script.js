// Shows what /events says. Whatever comes from the database goes into the page as text, never as markup.
"use strict";

const HOUR = 3600;
const byId = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

const count = (n) => Math.round(n).toLocaleString("en");

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; n >= 1024 && unit + 1 < units.length; ++unit) n /= 1024;
  return `${unit === 0 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}

function seconds(s) {
  if (s < 0.0005) return "under 1 ms";
  if (s < 0.0995) return `${Math.round(s * 1000)} ms`;
  if (s < 120) return `${s.toFixed(1)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${(s / 3600).toFixed(1)} h`;
  return `${(s / 86400).toFixed(1)} days`;
}

// Without a fraction, so that a line about the past does not change every second.
const age = (s) => (s < 60 ? "less than a minute" : seconds(Math.max(120, s)));
const clock = (at) => new Date(at * 1000).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });

// Draws a part of the page only when what it shows has changed: a reader's place and selection stay.
const shown = new Map();
function show(id, state, draw) {
  const text = JSON.stringify(state);
  if (shown.get(id) === text) return;
  shown.set(id, text);
  byId(id).replaceChildren(...draw(state));
}

// columns: [name, cell(row), class]; the first cell names its row.
function table(columns, rows, caption) {
  const head = columns.map(([name, , kind]) => element("th", { scope: "col", class: kind ?? "" }, name));
  const body = rows.map((row) => element("tr", {}, ...columns.map(([name, cell, kind], n) =>
    element(n === 0 ? "th" : "td", { ...(n === 0 && { scope: "row" }), class: kind ?? "", "data-name": name }, cell(row)))));
  const made = element("table", { class: columns.length > 3 ? "stacks" : "" });
  if (caption) made.append(element("caption", {}, caption));
  made.append(element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  return made;
}

const quiet = (text) => element("p", { class: "quiet" }, text);
const pairs = (list) => list.flatMap(([name, value, kind]) => [element("dt", {}, name), element("dd", { class: kind ?? "" }, value)]);

const PHASES = ["prepared", "backfilling", "following", "reads on v2", "writes on v2", "completed"];

function phaseNumber(status) {
  if (status.phase === "completed") return 5;
  if (status.writes.side === "v2") return 4;
  if (status.reads.percent > 0) return 3;
  return Math.max(0, PHASES.indexOf(status.phase));
}

function headline(status) {
  const { backfill, throttled } = status;
  if (throttled) return `Held back by ${throttled.by === "hand" ? "hand: crossfade resume goes on" : throttled.by}`;
  if (!status.leader) return "No daemon leads";
  switch (phaseNumber(status)) {
    case 0: return "Prepared; the backfill has not begun";
    case 1: return backfill.eta_seconds === null ? "Backfilling" : `Backfilling, ${backfill.eta_seconds < 60 ? "" : "about "}${age(backfill.eta_seconds)} left`;
    case 2: return status.catching_up ? "Catching up with what changed meanwhile" : "Following: v2 is the views over v1";
    case 3: return `Reads: ${status.reads.percent} % of keys on v2`;
    case 4: return "Writes are on v2";
    default: return "Completed";
  }
}

function share(target) {
  if (target.finished) return 1;
  return target.estimated_rows > 0 ? Math.min(0.99, target.done_rows / target.estimated_rows) : 0;
}

function figures(status) {
  const { lag, slot, verification, backfill } = status;
  const list = [
    ["Lag", lag.seconds === null ? "not known yet" : seconds(lag.seconds), `${bytes(lag.bytes.applied)} to apply`],
    ["WAL kept for us", bytes(slot.retained_bytes), slot.safe_bytes === null ? "no limit set" : `safe for ${bytes(slot.safe_bytes)} more`],
    ["Keys waiting", count(status.pending_keys + status.dirty_keys), `${count(status.dirty_keys)} set down in a table`],
    ["Quarantine", count(status.quarantined), status.quarantined === 0 ? "empty" : status.writes.side === "v2" ? "rows that v1 cannot take" : "keys set aside",
      status.quarantined > 0 ? "bad" : ""],
    ["Drift", verification ? count(verification.drifted_rows) : "—", verification ? `verified ${age(verification.age_seconds)} ago` : "never verified",
      verification?.drifted_rows > 0 ? "bad" : ""],
  ];
  if (status.phase === "backfilling") list.unshift(["Backfill", `${count(backfill.rows_per_second)} rows/s`, `${count(backfill.done_rows)} rows so far`]);
  return list.map(([name, value, more, kind]) =>
    element("div", {}, element("dt", {}, name), element("dd", { class: kind ?? "" }, value), element("dd", { class: "small" }, more)));
}

function checklist({ conditions, phase, reads, writes }) {
  const done = [];
  if (phase === "completed") return [element("li", { class: "good" }, "The migration is completed")];
  if (writes.side === "v2") done.push("Writes are on v2; for the way back:");
  else if (reads.percent >= 100) done.push("Reads are on v2; for the writes:");
  // What is to be mended comes first.
  const inOrder = [...conditions.filter((c) => !c.met), ...conditions.filter((c) => c.met)];
  return [...done.map((text) => element("li", { class: "good" }, text)), ...inOrder.map(({ met, reason, detail, fix }) =>
    element("li", { class: met ? "good" : "bad" }, element("strong", {}, reason), `: ${detail} `, ...(met ? [] : [element("span", { class: "fix" }, element("code", {}, fix))])))];
}

function targets({ targets: all }) {
  return [table([
    ["Target", (t) => t.name],
    ["Filled", (t) => element("progress", { max: 1, value: share(t), "aria-label": `${t.name}: ${Math.floor(share(t) * 100)} % filled` })],
    ["Rows", (t) => `${count(t.done_rows)}${t.finished ? "" : ` of about ${count(t.estimated_rows)}`}`, "number"],
  ], all)];
}

function slotPairs({ slot, leader, bytes: behind }) {
  return pairs([
    ["Name", element("code", {}, slot.name)],
    ["Served", slot.active ? "yes" : "no: the WAL is kept and grows", slot.active ? "good" : "bad"],
    ["WAL", slot.wal_status, slot.wal_status === "reserved" ? "good" : "warn"],
    ["Kept for us", bytes(slot.retained_bytes)],
    ["Safe for", slot.safe_bytes === null ? "no limit set" : bytes(slot.safe_bytes)],
    ["To receive", bytes(behind.received)],
    ["To apply", bytes(behind.applied)],
    ["To confirm", bytes(behind.confirmed)],
    ["Leader", leader || "nobody"],
  ]);
}

function proof({ verification, accounts }) {
  const list = [];
  if (!verification) list.push(quiet("Never verified: crossfade verify compares every row with the views."));
  else list.push(element("p", {}, `${count(verification.compared_rows)} rows compared at ${verification.lsn}, `,
    element("span", { class: verification.drifted_rows > 0 ? "bad" : "good" }, `${count(verification.drifted_rows)} drifted`), "."));
  if (accounts.length === 0) return [...list, quiet("Never counted: crossfade account says where every source row went.")];
  return [...list, table([
    ["Source", (a) => a.source],
    ["Rows", (a) => count(a.total), "number"],
    ["Mapped", (a) => count(a.mapped), "number"],
    ["Rejected", (a) => count(a.rejected), "number"],
    ["Unaccounted", (a) => element("span", { class: a.unaccounted > 0 ? "bad" : "" }, count(a.unaccounted)), "number"],
  ], accounts)];
}

function quarantine({ keys, number }) {
  if (keys.length === 0) return [quiet("Empty: the new schema has refused no key.")];
  const more = number > keys.length ? `The first ${keys.length} of ${count(number)}.` : "";
  return [table([
    ["Target", (k) => k.target],
    ["Key", (k) => element("code", {}, `${k.locator} ${k.key}`)],
    ["Reason", (k) => `${[k.sqlstate, k.constraint].join(" ").trim()}: ${k.message}`],
    ["Tried", (k) => count(k.attempts), "number"],
    ["Since", (k) => clock(k.since)],
    ["Accepted by", (k) => k.accepted_by || "nobody"],
  ], keys, more)];
}

function flight(steps) {
  if (steps.length === 0) return [quiet("No flip so far.")];
  return [table([
    ["Step", (s) => s.step],
    ["Attempt", (s) => count(s.attempt), "number"],
    ["Took", (s) => `${s.milliseconds.toFixed(1)} ms`, "number"],
    ["Outcome", (s) => element("span", { class: s.outcome === "done" ? "good" : "bad" }, s.holders ? `${s.outcome}; held by ${s.holders}` : s.outcome)],
  ], steps)];
}

function audit(deeds) {
  if (deeds.length === 0) return [quiet("Nothing so far.")];
  return [table([["When", (d) => clock(d.at)], ["Who", (d) => d.who], ["Did", (d) => d.action], ["At", (d) => element("code", {}, d.lsn)]], deeds)];
}

// The lag of the last hour. Where it is not known the curve has a gap: 0 would say that all is well.
let samples = [];
function drawLag(now) {
  const width = byId("lag").clientWidth, height = 176, left = 56, right = width - 8, top = 18, bottom = height - 22;
  const known = samples.filter((s) => s.lag_seconds !== null);
  const highest = Math.max(0.1, ...known.map((s) => s.lag_seconds));
  // A daemon that is young has less to show than an hour; below five minutes the curve would be all noise.
  const span = Math.min(HOUR, Math.max(300, now - (samples[0]?.at ?? now)));
  const x = (at) => right - ((now - at) / span) * (right - left);
  const y = (lag) => bottom - (lag / highest) * (bottom - top);
  const summary = known.length === 0 ? "The lag is not known yet" : `Lag of the last hour: now ${seconds(known.at(-1).lag_seconds)}, at most ${seconds(highest)}`;
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": summary });
  for (const lag of [0, highest / 2, highest]) {
    svg.append(drawn("line", { class: "grid", x1: left, x2: right, y1: y(lag), y2: y(lag) }),
      drawn("text", { x: left - 8, y: y(lag) + 4, "text-anchor": "end" }, lag === 0 ? "0" : seconds(lag)));
  }
  for (const part of [1, 0.5, 0]) {
    svg.append(drawn("text", { x: x(now - part * span), y: height - 4, "text-anchor": part === 1 ? "start" : part === 0 ? "end" : "middle" },
      part === 0 ? "now" : `${Math.round(part * span / 60)} min ago`));
  }
  const runs = [];
  samples.forEach((sample, n) => {
    const before = samples[n - 1];
    if (before && before.phase !== sample.phase && before.phase) {
      svg.append(drawn("line", { class: "mark", x1: x(sample.at), x2: x(sample.at), y1: top - 4, y2: bottom }),
        drawn("text", { class: "mark-name", x: x(sample.at), y: top - 7, "text-anchor": x(sample.at) > width - 80 ? "end" : "middle" }, sample.phase));
    }
    if (sample.lag_seconds === null) return;
    const joins = before && before.lag_seconds !== null && sample.at - before.at < 30;
    if (!joins) runs.push([]);
    runs.at(-1).push([x(sample.at), y(sample.lag_seconds)]);
  });
  for (const run of runs) {
    const curve = "M" + run.map((point) => point.map((n) => n.toFixed(1)).join(" ")).join("L");
    svg.append(drawn("path", { class: "area", d: `${curve}L${run.at(-1)[0]} ${bottom}L${run[0][0]} ${bottom}Z` }), drawn("path", { class: "curve", d: curve }));
  }
  byId("lag").replaceChildren(svg);
}

let last = null;
function showAll(page) {
  byId("trouble").hidden = page.trouble === "";
  byId("trouble").textContent = page.trouble && `What is shown is not new: ${page.trouble}`;
  samples = [...samples, ...page.samples].filter((s) => s.at > page.now - HOUR);
  drawLag(page.now);
  last = page.now;
  const { status } = page;
  if (status.migration === "") return;
  document.title = `${status.migration}: ${status.phase}`;
  show("migration", status.migration, (name) => [name]);
  show("phases", [phaseNumber(status), status.phase_since], ([current]) => PHASES.map((name, n) => element("li",
    n === current ? { "aria-current": "step", title: `since ${clock(status.phase_since)}` } : { class: n < current ? "past" : "" }, name)));
  show("headline", headline(status), (text) => [text]);
  byId("figures").replaceChildren(...figures(status));
  show("next", status.next_steps, (steps) => (steps.length === 0 ? [element("li", { class: "good" }, "Nothing to do now")] : steps.map((step) => {
    const [command, ...why] = step.split(": ");
    return element("li", {}, element("code", {}, command), why.length > 0 ? ` ${why.join(": ")}` : "");
  })));
  show("checklist", { conditions: status.checklist, phase: status.phase, reads: status.reads, writes: status.writes }, checklist);
  show("targets", { targets: status.backfill.targets }, targets);
  show("slot", { slot: status.slot, leader: status.leader, bytes: status.lag.bytes }, slotPairs);
  show("proof", { verification: status.verification && { ...status.verification, age_seconds: 0 }, accounts: page.accounts }, proof);
  show("quarantine", { keys: page.quarantine, number: status.quarantined }, quarantine);
  show("flight", page.flight, flight);
  show("audit", page.audit, audit);
}

function say(state, text) {
  if (byId("line").dataset.state === state) return;
  byId("line").dataset.state = state;
  byId("line").textContent = text;
}

function listen() {
  const events = new EventSource("events");
  // A new stream begins with the whole hour.
  events.onopen = () => (samples = []);
  events.onmessage = (event) => {
    say("live", "live");
    showAll(JSON.parse(event.data));
  };
  events.onerror = () => {
    say("cut", "reconnecting");
    // The browser tries again by itself after a cut, not after a refusal.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

addEventListener("resize", () => last !== null && drawLag(last));
listen();
