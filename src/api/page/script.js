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
// As the log has it, and beside it what the reader's clock shows.
function clock(at) {
  const time = new Date(at * 1000);
  const here = time.toLocaleTimeString(undefined, { timeStyle: "short" });
  return `${time.toISOString().slice(0, 19).replace("T", " ")} UTC (${here} here)`;
}

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

// A command, copied by a tap. What is prose behind it stays prose.
function copyable(command) {
  const button = element("button", { type: "button", class: "copy", title: "Copy" }, element("code", {}, command));
  button.addEventListener("click", () => {
    const done = () => {
      button.dataset.copied = "";
      setTimeout(() => delete button.dataset.copied, 1500);
    };
    // Browsers give the clipboard to pages that came by TLS or from this machine alone.
    if (navigator.clipboard) return navigator.clipboard.writeText(command).then(done, () => {});
    const range = document.createRange();
    range.selectNodeContents(button);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    if (document.execCommand("copy")) done();
  });
  return button;
}

function command(text) {
  const [, words, prose] = /^((?:crossfade|alter|analyze|create|drop|grant|select|vacuum)\b.*?)((?:; | or |, or |, then |: ).*)?$/s.exec(text) ?? [];
  return words ? [copyable(words.trim()), prose ?? ""] : [text];
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

const parkedMore = (p) => [`${many(p.keys, "key waits", "keys wait")}${p.samples.length > 0 ? `, such as ${p.samples.join(" ")}` : ""}`,
  `since ${clock(p.since)}`, `next try ${clock(p.next_try)}`].join("; ");

// What was proved of something else than is there now: before the direction turned, or before what the views read changed.
const countsNoMore = (status) => status.blockers.some(({ reason }) => reason === "verification");

const many = (n, one, more = `${one}s`) => `${count(n)} ${Math.round(n) === 1 ? one : more}`;

// What of a condition that is not met is no matter of course: it does not pass by itself, and no proof is merely still to be made.
const AMISS = new Set(["shape", "folder", "constraints"]);
const amiss = (status) => (status.phase === "completed" ? [] : status.blockers.filter(({ reason }) =>
  AMISS.has(reason) && (reason !== "constraints" || status.phase === "following")));
// What waits for it is late for as long, and no waiting helps.
const misshapen = (status) => amiss(status).some(({ reason }) => reason === "shape");
const isLate = ({ phase, lag }) => phase === "following" && lag.seconds !== null && lag.seconds > 10;

// Worst first, each in a few words, with the command that helps where there is one, and what more is to be said of it.
function wrongs(status) {
  const { slot, lag, quarantined, parked, verification, unaccounted_rows: unaccounted, phase, writes } = status;
  const side = writes.side === "v2" ? "v1" : "v2";
  return [
    phase !== "completed" && status.trying && [`the daemon cannot follow: ${status.trying.because}`, status.trying.fix],
    phase !== "completed" && !status.leader && !status.trying && ["no daemon leads", "crossfade run"],
    status.leader && slot.wal_status === "lost" && ["the slot is lost; everything is compared", ""],
    status.leader && slot.wal_status === "unreserved" && ["the slot is about to be lost", "crossfade status"],
    status.paused && ["it was paused by hand", "crossfade resume"],
    ...amiss(status).map(({ reason, detail, fix }) => [reason === "constraints" ? `constraints: ${detail}` : detail, fix]),
    ...parked.map((p) => [`${p.target} is refused as a whole: ${p.because}`, "crossfade quarantine retry", parkedMore(p)]),
    ...status.lock_waits.map((w) => [`${w.session} waits for a lock`, "", `since ${clock(w.since)}, for ${w.holders}`]),
    quarantined > 0 && [`${many(quarantined, "key is", "keys are")} refused`, "crossfade quarantine list"],
    verification?.drifted_rows > 0 && [`${many(verification.drifted_rows, "row")} drifted`, "crossfade verify --repair"],
    unaccounted > 0 && [`${many(unaccounted, "source row is", "source rows are")} unaccounted for`, "crossfade account"],
    isLate(status) && !misshapen(status) && [`${side} is ${seconds(lag.seconds)} behind`, "crossfade wait --lag 10s"],
  ].filter(Boolean);
}

function state(status) {
  const { backfill, throttled } = status;
  if (throttled) return `Held back by ${throttled.by === "hand" ? "hand: crossfade resume goes on" : throttled.by}`;
  // As after an amend: the others are what they were.
  const behind = status.phase === "backfilling" && status.behind.length > 0 ? `${status.behind.join(", ")} behind; the others follow` : "";
  switch (phaseNumber(status)) {
    case 0: return "Prepared; the backfill has not begun";
    case 1: return behind !== "" ? capital(behind) : backfill.eta_seconds === null ? "Backfilling" : `Backfilling, ${backfill.eta_seconds < 60 ? "" : "about "}${age(backfill.eta_seconds)} left`;
    case 2: return status.catching_up || status.dirty_keys > 0 ? "Catching up with what changed meanwhile" : "Following: v2 is the views over v1";
    case 3: return `Reads: ${status.reads.percent} % of keys on v2${behind && `; ${behind}`}`;
    case 4: return "Writes are on v2";
    default: return "Completed";
  }
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

// What is wrong goes before what goes on.
function headline(status) {
  const wrong = wrongs(status).filter(([, fix]) => fix !== "crossfade resume");
  if (wrong.length === 0) return state(status);
  const first = capital(wrong[0][0]);
  if (wrong.length > 1) return `${first}, and ${many(wrong.length - 1, "other thing is", "other things are")} wrong`;
  // While something of what is followed is not as the views read it, nothing is called up to date.
  if (misshapen(status)) return `${first}; nothing is called up to date meanwhile`;
  const upToDate = status.leader && status.phase === "following" && !status.catching_up && !status.throttled && status.dirty_keys === 0 && !isLate(status);
  return upToDate ? `${first}; all else is up to date` : `${first}. ${state(status)}`;
}

function wrong(list) {
  return list.map(([what, fix, more]) => element("li", { class: "bad" }, `${capital(what)} `, ...(fix ? command(fix) : []), ...(more ? [element("p", { class: "quiet" }, more)] : [])));
}

// Where the trouble is described at length comes first, and goes back to its place when it is over. A tab for each database tells
// which one it is before anything else.
function putFirst(id, first) {
  const section = byId(id);
  if (first === (section.parentElement.id === "first")) return;
  if (first) byId("first").append(section);
  else byId("rest").insertBefore(section, byId("h-step-log").parentElement);
}

function place(database) {
  if (!database) return [];
  const { name, server, environment, version } = database;
  byId("place").dataset.environment = environment;
  return [...(environment ? [element("strong", {}, environment), " "] : []), `database ${name} at ${server}, PostgreSQL ${version}`];
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
    ["Keys waiting", count(status.pending_keys + status.dirty_keys), `${count(status.dirty_keys)} spilled to a table`],
    ["Quarantine", count(status.quarantined), status.quarantined === 0 ? "empty" : status.writes.side === "v2" ? "rows that v1 cannot take" : "keys set aside",
      status.quarantined > 0 ? "bad" : ""],
    ["Drift", verification ? count(verification.drifted_rows) : "—",
      verification ? `verified ${age(verification.age_seconds)} ago${countsNoMore(status) ? "; it counts no more" : ""}` : "never verified",
      verification?.drifted_rows > 0 ? "bad" : ""],
  ];
  if (status.slowest && status.slowest.refresh_seconds >= 0.05) {
    list.push(["Slowest refresh", seconds(status.slowest.refresh_seconds), `${status.slowest.target}, ${many(status.slowest.keys, "key")} waiting`]);
  }
  if (status.phase === "backfilling") list.unshift(["Backfill", `${count(backfill.rows_per_second)} rows/s`, `${count(backfill.done_rows)} rows so far`]);
  return list.map(([name, value, more, kind]) =>
    element("div", {}, element("dt", {}, name), element("dd", { class: kind ?? "" }, value), element("dd", { class: "small" }, more)));
}

function checklist({ conditions, phase, reads, writes }) {
  const done = [];
  if (phase === "completed") return [element("li", { class: "good" }, "The migration is completed")];
  if (writes.side === "v2") done.push("Writes are on v2");
  else if (reads.percent >= 100) done.push("Reads are on v2; for the writes:");
  // What is to be mended comes first.
  const inOrder = [...conditions.filter((c) => !c.met), ...conditions.filter((c) => c.met)];
  return [...done.map((text) => element("li", { class: "good" }, text)), ...inOrder.map(({ met, reason, detail, fix }) =>
    element("li", { class: met ? "good" : "bad" }, element("strong", {}, reason), `: ${detail} `, ...(met ? [] : [element("span", { class: "fix" }, ...command(fix))])))];
}

function targets({ targets: all, back }) {
  // The way back fills nothing: v1's rows were there.
  if (back && all.every((t) => t.finished && t.done_rows === 0)) {
    return [quiet("v1's tables follow what is written on v2; they were filled before."), table([
      ["Table", (t) => t.name],
      ["Rows", (t) => (t.estimated_rows > 0 ? `about ${count(t.estimated_rows)}` : "—"), "number"],
    ], all)];
  }
  return [table([
    ["Target", (t) => t.name],
    ["Filled", (t) => element("progress", { max: 1, value: share(t), "aria-label": `${t.name}: ${Math.floor(share(t) * 100)} % filled` })],
    ["Rows", (t) => `${count(t.done_rows)}${t.finished ? "" : ` of about ${count(t.estimated_rows)}`}${t.eta_seconds == null ? "" : `, ${seconds(t.eta_seconds)} left`}`, "number"],
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

function proof({ verification, void: itIsVoid, accounts }) {
  const list = [];
  if (!verification) list.push(quiet("Never verified: crossfade verify compares every row with the views."));
  else list.push(element("p", {}, `${count(verification.compared_rows)} rows compared at ${verification.lsn}, `,
    element("span", { class: verification.drifted_rows > 0 ? "bad" : "good" }, `${count(verification.drifted_rows)} drifted`), itIsVoid ? "; it counts no more." : "."));
  if (accounts.length === 0) return [...list, quiet("Never counted: crossfade account says where every source row went.")];
  // A sentence, and the sources that are not whole; the others are a tap away.
  const columns = [
    ["Source", (a) => a.source],
    ["Rows", (a) => count(a.total), "number"],
    ["Mapped", (a) => count(a.mapped), "number"],
    ["Rejected", (a) => count(a.rejected), "number"],
    ["Unaccounted", (a) => element("span", { class: a.unaccounted > 0 ? "bad" : "" }, count(a.unaccounted)), "number"],
  ];
  const open = accounts.filter((a) => a.unaccounted > 0);
  const rows = accounts.reduce((sum, a) => sum + a.total, 0);
  if (open.length > 0) list.push(table(columns, open));
  const sentence = open.length === 0 ? `All ${many(rows, "row")} of ${many(accounts.length, "source")} accounted for` : `All ${many(accounts.length, "source")}`;
  list.push(element("details", {}, element("summary", { class: open.length === 0 ? "good" : "" }, sentence), table(columns, accounts)));
  return list;
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

// Drawn to scale, because fifteen lines of equal height hide which one was long; the lines below have the figures.
function stepLog(steps) {
  if (steps.length === 0) return [quiet("No flip so far.")];
  const all = steps.reduce((sum, s) => sum + s.milliseconds, 0);
  // An attempt that gave way let everybody go: what counts is the last one.
  const waited = steps.filter((s) => s.held && s.attempt === steps.at(-1).attempt).reduce((sum, s) => sum + s.milliseconds, 0);
  const bar = element("div", { class: "bar", role: "img", "aria-label": steps.map((s) => `${s.step} ${s.milliseconds.toFixed(0)} ms`).join(", ") });
  for (const step of steps) {
    const part = element("span", { title: `${step.step}: ${step.milliseconds.toFixed(1)} ms`, class: step.outcome !== "done" ? "failed" : step.held ? "held" : "" });
    part.style.flexGrow = Math.max(step.milliseconds / all, 0.004);
    if (step.milliseconds / all > 0.12) part.append(step.step);
    bar.append(part);
  }
  const failed = steps.some((s) => s.outcome !== "done");
  const sentence = waited > 0 ? `Applications waited ${waited < 10 ? waited.toFixed(1) : count(waited)} ms of ${count(all)} ms` : `It took ${count(all)} ms; nobody was made to wait`;
  return [element("p", { class: failed ? "warn" : "" }, `${sentence}${failed ? "; an attempt was given up" : ""}.`), bar, table([
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
let deeds = [];
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
  // What people did: flips, and those that were given up.
  for (const deed of deeds.filter((d) => d.at > now - span && /cutover|rollback|gave up/.test(d.action))) {
    svg.append(drawn("line", { class: deed.action.includes("gave up") ? "deed failed" : "deed", x1: x(deed.at), x2: x(deed.at), y1: top - 4, y2: bottom }),
      drawn("text", { class: "mark-name", x: x(deed.at), y: bottom - 4, "text-anchor": x(deed.at) > width / 2 ? "end" : "start" }, deed.action));
  }
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
  // The hour of a daemon before this one may come after what this one has sampled, and then all of it comes again.
  const known = new Map([...samples, ...page.samples].map((sample) => [sample.at, sample]));
  samples = [...known.values()].filter((s) => s.at > page.now - HOUR).sort((a, b) => a.at - b.at);
  deeds = page.audit;
  drawLag(page.now);
  last = page.now;
  const { status } = page;
  if (status.migration === "") return;
  const bad = wrongs(status);
  const name = [status.database?.environment, status.database?.name].filter(Boolean).join(" ");
  document.title = `${bad.length > 0 ? "⚠ " : ""}${status.migration}: ${status.phase}${name && ` · ${name}`}`;
  show("place", status.database ?? null, place);
  byId("wrong").hidden = bad.length === 0;
  show("wrong", bad, wrong);
  putFirst("refused", status.quarantined > 0);
  byId("h-targets").textContent = status.writes.side === "v2" ? "The way back: tables of v1" : "Targets";
  byId("h-checklist").textContent = status.writes.side === "v2" ? "The way back" : "Cutover";
  show("migration", status.migration, (name) => [name]);
  show("phases", [phaseNumber(status), status.phase_since], ([current]) => PHASES.map((name, n) => element("li",
    n === current ? { "aria-current": "step", title: `since ${clock(status.phase_since)}` } : { class: n < current ? "past" : "" }, name)));
  show("headline", headline(status), (text) => [text]);
  byId("figures").replaceChildren(...figures(status));
  show("next", status.next_steps, (steps) => (steps.length === 0 ? [element("li", { class: "good" }, "Nothing to do now")] :
    steps.map((step) => element("li", {}, ...command(step)))));
  show("checklist", { conditions: status.checklist, phase: status.phase, reads: status.reads, writes: status.writes }, checklist);
  show("targets", { targets: status.backfill.targets, back: status.writes.side === "v2" }, targets);
  show("slot", { slot: status.slot, leader: status.leader, bytes: status.lag.bytes }, slotPairs);
  show("proof", { verification: status.verification && { ...status.verification, age_seconds: 0 }, void: countsNoMore(status), accounts: page.accounts }, proof);
  show("quarantine", { keys: page.quarantine, number: status.quarantined }, quarantine);
  show("step-log", page.step_log, stepLog);
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
