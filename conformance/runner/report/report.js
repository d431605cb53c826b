// SPDX-License-Identifier: Apache-2.0 OR MIT
// Draws the report from the data in the page. All text goes in as text: nothing of a guest's is ever markup.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const VERDICTS = [
    "CRASH",
    "WEDGED",
    "FAIL",
    "XPASS",
    "ERROR",
    "KFAIL",
    "SKIP",
    "NOT_SUPPORTED",
    "PASS",
    "NOT_TESTED",
];
const FAILED = new Set(["CRASH", "WEDGED", "FAIL", "XPASS", "ERROR"]);
const MEANING = {
    PASS: "the obligation was observed",
    FAIL: "it was violated",
    CRASH: "guest or hypervisor died",
    WEDGED: "a call or a wait never ended",
    ERROR: "could not be decided; blocks a claim",
    NOT_SUPPORTED: "optional, and its absence confirmed by probing",
    SKIP: "this run lacked something it needs",
    KFAIL: "fails, and is a known failure",
    XPASS: "passes, though listed as a known failure",
    NOT_TESTED: "no case of this run checks it",
};

// ---- small helpers

function el(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else if (value !== null && value !== undefined && value !== false)
            element.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(Infinity)) {
        if (child || child === 0) element.append(child);
    }
    return element;
}

function count(verdicts) {
    const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0]));
    for (const verdict of verdicts) counts[verdict] += 1;
    return counts;
}

const sum = (counts, wanted) =>
    VERDICTS.filter(wanted).reduce((total, verdict) => total + counts[verdict], 0);
const words = (counts) =>
    VERDICTS.filter((v) => counts[v])
        .map((v) => `${counts[v]} ${v}`)
        .join(", ");
const pill = (verdict) =>
    el("span", {class: `verdict ${verdict}`, title: MEANING[verdict]}, verdict.replace("_", " "));

/// Proportions; the good ones first, so that bars of several targets can be compared.
function bar(counts) {
    const parts = [...VERDICTS].reverse().filter((v) => counts[v]);
    parts.sort((a, b) => (b === "PASS") - (a === "PASS"));
    return el(
        "div",
        {class: "bar", role: "img", "aria-label": words(counts)},
        parts.map((v) => el("i", {class: v, style: `flex: ${counts[v]} 1 0`, title: `${counts[v]} ${v}`})),
    );
}

function duration(us) {
    if (us === null || us === undefined) return "";
    if (us < 1000) return `${us} µs`;
    if (us < 1e6) return `${(us / 1e3).toFixed(us < 1e4 ? 1 : 0)} ms`;
    return `${(us / 1e6).toFixed(1)} s`;
}

// ---- the data, as this page needs it

const names = data.targets.map((t) => t.target.name);
const targets = data.targets.map((t, i) => ({
    ...t,
    // Two results of one target are told apart by their number.
    label:
        names.indexOf(t.target.name) === names.lastIndexOf(t.target.name)
            ? t.target.name
            : `${t.target.name} #${i + 1}`,
    first: Object.values(t.cases)[0],
}));

const casesOf = new Map();
for (const c of data.cases) {
    for (const id of c.requirements) casesOf.set(id, [...(casesOf.get(id) || []), c]);
}

const rows = data.requirements.map((requirement) => {
    const verdicts = targets.map((t) => (t.requirements[requirement.id] || {verdict: "NOT_TESTED"}).verdict);
    const cases = casesOf.get(requirement.id) || [];
    // Where no Argo is, every answer differs from those of where it is; that is no news.
    const comparable = verdicts.filter((_, i) => targets[i].target.implementation);
    return {
        requirement,
        verdicts,
        cases,
        differs: new Set(comparable).size > 1,
        worst: Math.min(...verdicts.map((v) => VERDICTS.indexOf(v))),
        failed: verdicts.some((v) => FAILED.has(v)),
        tested: verdicts.some((v) => v !== "NOT_TESTED"),
        haystack: [
            requirement.id,
            requirement.text,
            requirement.chapter,
            requirement.profile,
            ...cases.map((c) => c.id),
        ]
            .join(" ")
            .toLowerCase(),
    };
});

// ---- head, targets, profiles

function drawHead() {
    const suites = [
        ...new Set(
            data.targets.map((t) => `Suite ${t.suite.version}, commit ${t.suite.commit.slice(0, 12)}`),
        ),
    ];
    const abis = [...new Set(data.targets.map((t) => `ABI ${t.abi.major}.${t.abi.minor}`))];
    const registries = new Set(data.targets.map((t) => t.abi.registry_sha256));
    document.title = `Argo ABI conformance: ${targets.map((t) => t.label).join(", ")}`;
    document.getElementById("top").append(
        el("h1", {}, "Argo ABI conformance"),
        el(
            "div",
            {class: "facts"},
            [...abis, ...suites].map((fact) => el("span", {}, fact)),
            el("span", {}, `${data.requirements.length} obligations, ${data.cases.length} cases`),
            data.targets.some((t) => t.suite.dirty) &&
                el("span", {class: "warning"}, "the suite had uncommitted changes"),
            (suites.length > 1 || registries.size > 1) &&
                el("span", {class: "warning"}, "results of different suites"),
        ),
    );
}

/** How calls were made, in how many cases each, and how many of them were good. */
function drawWays(t) {
    const by = {};
    for (const c of Object.values(t.cases)) {
        for (const {way, verdict} of c.by) (by[way || "none"] ??= []).push(verdict);
    }
    const part = ([way, verdicts]) => {
        const counts = count(verdicts);
        const bad = sum(counts, (v) => FAILED.has(v)) > 0;
        return el(
            "span",
            {class: bad ? "bad" : null, title: words(counts)},
            el("b", {}, way),
            ` ${counts.PASS} of ${verdicts.length}`,
        );
    };
    return el("div", {class: "ways"}, Object.entries(by).map(part));
}

function drawTarget(t) {
    const counts = count(Object.values(t.cases).map((c) => c.verdict));
    const failed = sum(counts, (v) => FAILED.has(v));
    const skipped = sum(counts, (v) => !FAILED.has(v) && v !== "PASS");
    const figure = (n, word, bad) =>
        el("span", {class: bad ? "bad" : null}, el("b", {}, String(n)), ` ${word}`);
    const facts = [
        ["All found", t.target.mechanisms.join(", ")],
        ["Guests", [t.first.environment, t.first.arch].filter(Boolean).join(", ")],
        ["Host", t.target.host],
        ["Seed", String(t.seed)],
        ["Suite", `${t.suite.version}, ${t.suite.commit}${t.suite.dirty ? ", with changes" : ""}`],
        ["Registry", t.abi.registry_sha256],
        ["Command", t.command],
    ];
    return el(
        "article",
        {class: "target"},
        el("h2", {}, t.label),
        el(
            "p",
            {class: "soft"},
            t.target.implementation
                ? `${t.target.implementation} ${t.target.version}`
                : "no Argo found by probing",
        ),
        el(
            "div",
            {class: "outcome"},
            figure(counts.PASS, "passed"),
            figure(failed, "failed", failed > 0),
            figure(skipped, "skipped"),
        ),
        bar(counts),
        drawWays(t),
        drawEvents(t),
        drawSince(t),
        el(
            "details",
            {},
            el("summary", {}, "Environment"),
            el(
                "dl",
                {},
                facts
                    .filter(([, value]) => value)
                    .map(([key, value]) => [el("dt", {}, key), el("dd", {}, value)]),
            ),
        ),
    );
}

const EVENTS = {
    sent: "interrupts that the host was asked to give to the lead",
    suppressed: "messages, of all domains, whose event the ring's wish did not ask for",
    held: "of those sent, the ones that found the local APIC switched off",
    delivered: "interrupts that the lead took",
    coalesced: "sent, less delivered",
    spurious: "interrupts of the lead's own rings after which nothing new was found",
};

/** Events as the host and the lead counted them, where both or one did. */
function drawEvents(t) {
    if (!t.events) return null;
    const known = (n) => (n === null ? "–" : String(n));
    const parts = Object.entries(EVENTS).map(([name, meaning]) =>
        el("span", {title: meaning}, el("b", {}, known(t.events[name])), ` ${name}`),
    );
    return el("div", {class: "ways"}, el("span", {}, "Events"), parts);
}

/// What an earlier run of the same target said otherwise; what got worse comes first and is seen at once.
function drawSince(t) {
    if (!t.since) return null;
    const changes = [...t.since.changes].sort((a, b) => b.regression - a.regression);
    const worse = changes.filter((c) => c.regression).length;
    return el(
        "details",
        {open: worse > 0},
        el(
            "summary",
            {class: worse > 0 && "bad"},
            `${changes.length} changed since ${t.since.commit.slice(0, 12)}`,
        ),
        el(
            "ul",
            {class: "changes"},
            changes.map((change) => {
                const known = data.cases.find((c) => c.id === change.id);
                const place = known && `#${encodeURI(`${known.requirements[0]}/${t.label}`)}`;
                return el(
                    "li",
                    {},
                    el(place ? "a" : "span", {href: place}, change.id),
                    el(
                        "span",
                        {class: "soft"},
                        [change.was, "→", change.is].map((v) => ` ${v || "none"}`),
                    ),
                );
            }),
        ),
    );
}

function drawProfiles() {
    const profiles = [...new Set(data.cases.map((c) => c.profile))];
    const cell = (profile, t) => {
        const counts = count(
            Object.values(t.cases)
                .filter((c) => c.profile === profile)
                .map((c) => c.verdict),
        );
        const total = sum(counts, () => true);
        if (!total) return el("td", {"data-target": t.label}, el("span", {class: "soft"}, "not run"));
        return el(
            "td",
            {"data-target": t.label},
            el("span", {class: "n"}, `${counts.PASS} of ${total}`),
            bar(counts),
            el("div", {class: "rest"}, words({...counts, PASS: 0})),
        );
    };
    document.getElementById("profiles").append(
        el("h2", {id: "profiles-title"}, "Profiles"),
        el(
            "table",
            {},
            el(
                "thead",
                {},
                el(
                    "tr",
                    {},
                    el("th", {scope: "col"}, "Profile"),
                    targets.map((t) => el("th", {scope: "col"}, t.label)),
                ),
            ),
            el(
                "tbody",
                {},
                profiles.map((p) =>
                    el(
                        "tr",
                        {},
                        el("th", {scope: "row"}, p),
                        targets.map((t) => cell(p, t)),
                    ),
                ),
            ),
        ),
    );
}

// ---- drill-down

function copyButton(text) {
    return el(
        "button",
        {
            type: "button",
            onclick: (event) => {
                const done = () => {
                    event.target.textContent = "copied";
                };
                if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => {});
            },
        },
        "copy",
    );
}

function again(t, c) {
    if (t.target.name === "log") {
        return el(
            "p",
            {class: "again"},
            "Again: boot the image with ",
            el("code", {}, `filter=${c.id}`),
            " on the lead's command line.",
        );
    }
    const {mechanism: by, way} = t.cases[c.id];
    const mechanism = by && (by !== t.first.mechanism || t.command.includes("--mechanism")) ? ` --mechanism ${by}` : "";
    // The words of a way behind the mechanism tell one environment from the others; the last is its name.
    const last = way.split(" ").slice(by ? 1 : 0).at(-1);
    const environment = last ? ` --environment ${last}` : "";
    const command = `argo-conformance run --target ${t.target.name}${environment} --filter ${c.id}${mechanism} --seed ${t.seed}`;
    return el("p", {class: "again"}, "Again: ", el("code", {}, command), copyButton(command));
}

/** "by msr, mmio, pio", or where they differ "PASS by msr, pio; FAIL by mmio". */
function verdictsBy(by) {
    const groups = by.reduce((m, b) => m.set(b.verdict, [...(m.get(b.verdict) ?? []), b]), new Map());
    return [...groups]
        .map(([verdict, all]) => `${groups.size > 1 ? `${verdict} ` : ""}by ${all.map((b) => b.way).join(", ")}`)
        .join("; ");
}

function drawResult(t, c) {
    const result = t.cases[c.id];
    if (!result) {
        return el(
            "div",
            {class: "result"},
            el(
                "div",
                {class: "line"},
                el("b", {}, t.label),
                el("span", {class: "soft"}, "not in this run's selection"),
            ),
        );
    }
    return el(
        "div",
        {class: "result"},
        el(
            "div",
            {class: "line"},
            el("b", {}, t.label),
            pill(result.verdict),
            result.detail && el("span", {class: "detail"}, result.detail),
            result.by.length > 1 && el("span", {class: "soft"}, verdictsBy(result.by)),
            el("span", {class: "time"}, duration(result.duration_us)),
        ),
        result.log &&
            el(
                "details",
                {open: FAILED.has(result.verdict)},
                el("summary", {}, "Log"),
                el("pre", {tabindex: "0"}, result.log),
            ),
        again(t, c),
    );
}

function drawCase(c, shown) {
    const failed = shown.some((t) => t.cases[c.id] && FAILED.has(t.cases[c.id].verdict));
    return el(
        "section",
        {class: "case", "aria-label": `Case ${c.id}`},
        el(
            "h3",
            {},
            el("span", {class: "id"}, c.id),
            c.file && el("code", {class: "where soft"}, `${c.file}:${c.line}`),
        ),
        c.source &&
            el("details", {open: failed}, el("summary", {}, "Source"), el("pre", {tabindex: "0"}, c.source)),
        shown.map((t) => drawResult(t, c)),
    );
}

function drawPanel(row, target) {
    const {requirement: r, cases} = row; // its sentence stands in the row above
    const shown = target === null ? targets : [targets[target]];
    const choice = (label, value) =>
        el(
            "button",
            {
                type: "button",
                class: "chip",
                "aria-pressed": String(value === target),
                onclick: () => open(row, value),
            },
            label,
        );
    const facts = [
        ["chapter", r.chapter],
        ["revision", String(r.revision)],
        ["subject", r.subject],
        ["keyword", r.keyword],
        ["profile", r.profile],
        ["testability", r.testability],
    ];
    return el(
        "td",
        {colspan: String(2 + targets.length)},
        el(
            "div",
            {class: "inside"},
            el(
                "div",
                {class: "meta"},
                facts.filter(([, value]) => value).map(([key, value]) => el("span", {}, `${key}: ${value}`)),
            ),
            r.reason && el("p", {class: "soft"}, `No automatic case: ${r.reason}.`),
            !cases.length && !r.reason && el("p", {class: "soft"}, "No case names this obligation."),
            targets
                .filter((t) => (t.requirements[r.id] || {}).void)
                .map((t) =>
                    el(
                        "p",
                        {class: "warning"},
                        `${t.label} was tested for revision ${t.requirements[r.id].revision}; the sentence has changed since, and the result is void.`,
                    ),
                ),
            cases.length > 0 &&
                targets.length > 1 &&
                el(
                    "div",
                    {class: "tabs", role: "group", "aria-label": "Targets shown"},
                    choice("all targets", null),
                    targets.map((t, i) => choice(t.label, i)),
                ),
            cases.map((c) => drawCase(c, shown)),
        ),
    );
}

function close(row) {
    if (!row.panel) return;
    row.panel.remove();
    row.panel = null;
    row.element.classList.remove("open");
    row.button.setAttribute("aria-expanded", "false");
}

function open(row, target) {
    const focused = row.panel && row.panel.contains(document.activeElement);
    close(row);
    row.target = target;
    row.panel = el("tr", {class: "panel"}, drawPanel(row, target));
    row.element.after(row.panel);
    row.element.classList.add("open");
    row.button.setAttribute("aria-expanded", "true");
    const place = target === null ? row.requirement.id : `${row.requirement.id}/${targets[target].label}`;
    try {
        history.replaceState(null, "", `#${encodeURI(place)}`);
    } catch {
        /* some browsers refuse this for files */
    }
    const pressed = focused && row.panel.querySelector("[aria-pressed=true]");
    if (pressed) pressed.focus();
}

const toggle = (row, target) => (row.panel && row.target === target ? close(row) : open(row, target));

// ---- obligations

const wish = {text: "", verdict: null, profile: "", differences: false};

function drawRow(row) {
    const r = row.requirement;
    row.button = el(
        "button",
        {type: "button", class: "id", "aria-expanded": "false", onclick: () => toggle(row, null)},
        r.id,
    );
    row.element = el(
        "tr",
        {class: "row", id: r.id},
        el("td", {class: "name"}, row.button),
        el("td", {class: "text"}, r.text),
        row.verdicts.map((verdict, i) =>
            el(
                "td",
                {class: "cell"},
                el(
                    "button",
                    {
                        type: "button",
                        "data-target": targets[i].label,
                        "aria-label": `${r.id}, ${targets[i].label}: ${verdict}`,
                        onclick: () => toggle(row, i),
                    },
                    pill(verdict),
                ),
            ),
        ),
    );
    return row.element;
}

/// What people look for first comes first.
const GROUPS = [
    ["Targets differ", (row) => row.differs],
    ["Not passed", (row) => row.failed],
    ["Passed", (row) => row.verdicts.every((v) => v === "PASS")],
    ["Allowed to be absent, skipped, or known", (row) => row.tested],
    ["Not tested", () => true],
];

function grouped() {
    const groups = GROUPS.map(([title]) => ({title, rows: []}));
    for (const row of rows) groups[GROUPS.findIndex(([, belongs]) => belongs(row))].rows.push(row);
    for (const group of groups.slice(0, 2)) group.rows.sort((a, b) => a.worst - b.worst); // the others as in the book
    [groups[2], groups[3]] = [groups[3], groups[2]]; // what is well needs no look
    return groups.filter((group) => group.rows.length);
}

function suits(row) {
    return (
        (!wish.text || wish.text.split(/\s+/).every((word) => row.haystack.includes(word))) &&
        (!wish.verdict || row.verdicts.includes(wish.verdict)) &&
        (!wish.profile || row.requirement.profile === wish.profile) &&
        (!wish.differences || row.differs)
    );
}

function drawObligations() {
    const groups = grouped();
    const output = el("output", {"aria-live": "polite"});
    const empty = el("p", {class: "none-left", hidden: true}, "Nothing matches.");
    const apply = () => {
        let left = 0;
        for (const group of groups) {
            let here = 0;
            for (const row of group.rows) {
                const suited = suits(row);
                row.element.hidden = !suited;
                if (!suited) close(row);
                here += suited;
            }
            group.element.hidden = here === 0;
            left += here;
        }
        output.textContent = left === rows.length ? `${left} obligations` : `${left} of ${rows.length}`;
        empty.hidden = left !== 0;
    };
    const present = VERDICTS.filter((v) => rows.some((row) => row.verdicts.includes(v)));
    const chips = present.map((verdict) =>
        el(
            "button",
            {
                type: "button",
                class: "chip",
                "aria-pressed": "false",
                onclick: (event) => {
                    wish.verdict = wish.verdict === verdict ? null : verdict;
                    for (const chip of chips)
                        chip.setAttribute(
                            "aria-pressed",
                            String(chip === event.currentTarget && wish.verdict !== null),
                        );
                    apply();
                },
            },
            verdict.replace("_", " "),
        ),
    );
    const differences = el(
        "button",
        {
            type: "button",
            class: "chip",
            "aria-pressed": "false",
            onclick: (event) => {
                wish.differences = !wish.differences;
                event.currentTarget.setAttribute("aria-pressed", String(wish.differences));
                apply();
            },
        },
        "differences",
    );
    const profiles = [...new Set(rows.map((row) => row.requirement.profile).filter(Boolean))];
    const search = el("input", {
        type: "search",
        placeholder: "Search text, ID or case  ( / )",
        "aria-label": "Search",
        oninput: (event) => {
            wish.text = event.target.value.trim().toLowerCase();
            apply();
        },
    });
    const body = el("tbody", {});
    for (const group of groups) {
        group.element = el(
            "tr",
            {class: "group"},
            el(
                "th",
                {colspan: String(2 + targets.length), scope: "colgroup"},
                group.title,
                el("span", {}, String(group.rows.length)),
            ),
        );
        body.append(group.element, ...group.rows.map(drawRow));
    }
    document.getElementById("obligations").append(
        el("h2", {id: "obligations-title"}, "Obligations"),
        el(
            "div",
            {class: "filters", role: "search"},
            search,
            profiles.length > 1 &&
                el(
                    "select",
                    {
                        "aria-label": "Profile",
                        onchange: (event) => {
                            wish.profile = event.target.value;
                            apply();
                        },
                    },
                    el("option", {value: ""}, "every profile"),
                    profiles.map((p) => el("option", {value: p}, p)),
                ),
            el(
                "div",
                {class: "chips", role: "group", "aria-label": "Show only"},
                rows.some((row) => row.differs) && differences,
                chips,
            ),
            output,
        ),
        el(
            "table",
            {class: "matrix"},
            el(
                "thead",
                {},
                el(
                    "tr",
                    {},
                    el("th", {scope: "col"}, "Obligation"),
                    el("th", {scope: "col"}, "Sentence"),
                    targets.map((t) => el("th", {scope: "col", class: "cell"}, t.label)),
                ),
            ),
            body,
        ),
        empty,
    );
    apply();
    document.addEventListener("keydown", (event) => keys(event, search));
}

/// "/" searches; arrows go through the matrix; Escape closes what is open.
function keys(event, search) {
    const typing = event.target.matches("input, select, pre");
    if (event.key === "/" && !typing) {
        event.preventDefault();
        search.focus();
    }
    const element = event.target.closest(".matrix .row, .matrix .panel");
    if (!element || typing) return;
    const row = rows.find((r) => r.element === element || r.panel === element);
    if (event.key === "Escape" && row.panel) {
        close(row);
        row.button.focus();
    }
    const step = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key];
    if (!step || row.element !== element) return;
    const visible = [...document.querySelectorAll(".matrix .row:not([hidden])")];
    const buttons = [...element.querySelectorAll("button")];
    const column = buttons.indexOf(event.target);
    const next = visible[visible.indexOf(element) + step[0]];
    const there = next && next.querySelectorAll("button")[column + step[1]];
    if (!there) return;
    event.preventDefault();
    there.focus();
}

function drawFoot() {
    document.getElementById("bottom").append(
        el("p", {}, "An obligation has the worst verdict of the cases that name it. What the verdicts mean:"),
        el(
            "dl",
            {},
            VERDICTS.map((v) => [el("dt", {}, pill(v)), el("dd", {}, MEANING[v])]),
        ),
    );
}

function openFromAddress() {
    const [id, label] = decodeURI(location.hash.slice(1)).split("/");
    const row = rows.find((r) => r.requirement.id === id);
    if (!row) return;
    const target = targets.findIndex((t) => t.label === label);
    open(row, target < 0 ? null : target);
    row.element.scrollIntoView();
}

// ---- mutants

/// Deliberately broken engines: for each obligation which there are, and which case notices.
function drawMutants() {
    const {mutants, without, summary, suite} = data.mutants;
    const groups = new Map();
    for (const mutant of mutants) {
        const id = mutant.requirements[0];
        groups.set(id, [...(groups.get(id) || []), mutant]);
    }
    const order = [...groups].sort(([, a], [, b]) => lives(b) - lives(a)); // survivors first, else as they are
    const all = summary.killed + summary.survived;
    document.getElementById("mutants").append(
        el("h2", {id: "mutants-title"}, "Mutants"),
        el(
            "p",
            {},
            `${summary.killed} of ${all} deliberately broken engines were noticed by a case that names the obligation`,
            ` that they break; ${summary.equivalent} more cannot be told from a right one.`,
            ` Suite ${suite.version}, commit ${suite.commit.slice(0, 12)}${suite.dirty ? ", with changes" : ""}.`,
        ),
        el(
            "table",
            {class: "mutants"},
            el(
                "thead",
                {},
                el(
                    "tr",
                    {},
                    ["Obligation", "Mutant", "Fate", "Case"].map((title) => el("th", {scope: "col"}, title)),
                ),
            ),
            order.map(([id, list]) => el("tbody", {}, list.map((mutant, i) => drawMutant(mutant, i ? null : id, list.length)))),
        ),
        without.length > 0 && el("p", {class: "soft"}, "Without a mutant:"),
        without.length > 0 &&
            el(
                "dl",
                {},
                without.map((w) => [el("dt", {}, w.requirement), el("dd", {}, w.reason)]),
            ),
    );
}

const lives = (list) => list.some((mutant) => mutant.verdict === "survived");

function drawMutant(mutant, id, height) {
    return el(
        "tr",
        {},
        id && el("th", {scope: "rowgroup", rowspan: String(height)}, targets.length ? el("a", {href: `#${id}`}, id) : id),
        el("td", {}, el("code", {}, mutant.id.split(".")[1]), el("div", {class: "soft"}, mutant.what)),
        el("td", {class: mutant.verdict}, mutant.verdict),
        el(
            "td",
            {title: mutant.detail},
            mutant.case ? el("code", {}, mutant.case) : el("span", {class: "soft"}, mutant.detail),
        ),
    );
}

// ---- speed

const PLOT = {width: 640, height: 340, left: 56, right: 150, top: 12, bottom: 36};

/// What a message costs: the goals, and time by size with memcpy as the floor.
function drawSpeed() {
    const {goals, sweeps, host, suite, mode, command} = data.bench;
    const of = (what) => sweeps.filter((sweep) => sweep.name.startsWith(`${what}/`));
    document.getElementById("speed").append(
        el("h2", {id: "speed-title"}, "Speed"),
        el(
            "p",
            {},
            `${host.cpu}, ${host.cpus} CPUs, ${host.kernel}; load ${host.load_before} before, ${host.load_after} after;`,
            ` ${mode} run of `,
            el("code", {}, command),
            `. Suite ${suite.version}, commit ${suite.commit.slice(0, 12)}${suite.dirty ? ", with changes" : ""}.`,
            " Counters are exact; times are medians on this host, and say nothing of another.",
        ),
        el(
            "table",
            {class: "speed"},
            el("thead", {}, el("tr", {}, ["Goal", "Value", "Wanted", "Verdict"].map((title) => el("th", {scope: "col"}, title)))),
            el("tbody", {}, goals.map(drawGoal)),
        ),
        drawSweeps("Sending", of("send")),
        drawSweeps("Sending and receiving, in one thread", of("transfer")),
        drawRows(data.bench.rows.filter((row) => !/^(send|receive|transfer)\/[a-z-]+\/bytes:\d+$/.test(row.name))),
    );
}

function drawGoal(goal) {
    const unit = goal.unit ? ` ${goal.unit}` : "";
    return el(
        "tr",
        {},
        el("th", {scope: "row"}, goal.what, goal.counted && el("span", {class: "soft"}, " (counted)")),
        el("td", {}, goal.value === null ? "–" : short(goal.value) + unit),
        el("td", {}, `${goal.relation === "at_most" ? "≤" : "≥"} ${short(goal.bound)}${unit}`),
        el("td", {class: goal.verdict === "not measured" ? "soft" : goal.verdict}, goal.verdict, goal.note && el("div", {class: "soft"}, goal.note)),
    );
}

const short = (value) => (Number.isInteger(value) ? String(value) : value.toPrecision(3).replace(/e\+?/, "e"));
const sizeName = (bytes) => (bytes >= 1 << 20 ? `${bytes >> 20} MiB` : bytes >= 1024 ? `${bytes >> 10} KiB` : `${bytes} B`);
const timeName = (ns) => (ns >= 1e6 ? `${ns / 1e6} ms` : ns >= 1e3 ? `${ns / 1e3} µs` : `${ns} ns`);

// The parser knows the name of SVG's elements; so the page names no address.
const SVG = Object.assign(document.createElement("template"), {innerHTML: "<svg/>"}).content.firstChild.namespaceURI;

function svg(tag, attributes, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.flat(Infinity));
    return element;
}

/// A plot, both axes logarithmic, and its numbers as a table. Memcpy is drawn as the floor.
function drawSweeps(title, sweeps) {
    if (!sweeps.length) return null;
    const who = (sweep) => sweep.name.split("/")[1];
    return el(
        "figure",
        {},
        el("figcaption", {}, `${title}: median time by payload`),
        drawPlot(title, sweeps.map((sweep) => ({name: who(sweep), points: sweep.points.filter((p) => p.bytes > 0)}))),
        el("details", {}, el("summary", {}, "The numbers"), drawNumbers(sweeps, who)),
    );
}

function drawPlot(title, lines) {
    const points = lines.flatMap((line) => line.points);
    if (points.length < 2) return null;
    const decades = (values) => [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
    const [low, high] = decades(points.map((p) => p.time_ns));
    const sizes = [...new Set(points.map((p) => p.bytes))].sort((a, b) => a - b);
    const [first, last] = [Math.log2(sizes[0]), Math.log2(sizes.at(-1))];
    const across = PLOT.width - PLOT.left - PLOT.right;
    const down = PLOT.height - PLOT.top - PLOT.bottom;
    const x = (bytes) => PLOT.left + ((Math.log2(bytes) - first) / (last - first || 1)) * across;
    const y = (ns) => PLOT.top + ((high - Math.log10(ns)) / (high - low || 1)) * down;
    const labels = placeLabels(
        lines.map((line, i) => ({line, style: line.name === "memcpy" ? "floor" : `line${i % 7}`})).filter(({line}) => line.points.length)
            .map((label) => ({...label, y: y(label.line.points.at(-1).time_ns)})),
    );
    const grid = [];
    for (let power = low; power <= high; power += 1) {
        grid.push(
            svg("line", {class: "grid", x1: PLOT.left, x2: PLOT.left + across, y1: y(10 ** power), y2: y(10 ** power)}),
            svg("text", {x: PLOT.left - 6, y: y(10 ** power) + 4, "text-anchor": "end"}, timeName(10 ** power)),
        );
    }
    for (const bytes of sizes.filter((size) => size === 1 || size === 64 || size === 1024 || size === 16384 || size === 262144)) {
        grid.push(
            svg("line", {class: "grid", x1: x(bytes), x2: x(bytes), y1: PLOT.top, y2: PLOT.top + down}),
            svg("text", {x: x(bytes), y: PLOT.height - 14, "text-anchor": "middle"}, sizeName(bytes)),
        );
    }
    return svg(
        "svg",
        {viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, class: "plot", role: "img", "aria-label": `${title}: time by payload, logarithmic`},
        grid,
        labels.map(({line, style, y: at}) => {
            const path = line.points.map((p, j) => `${j ? "L" : "M"}${x(p.bytes).toFixed(1)} ${y(p.time_ns).toFixed(1)}`).join("");
            return [
                svg("path", {class: style, d: path}),
                svg("text", {class: style, x: PLOT.left + across + 8, y: at + 4}, line.name),
            ];
        }),
    );
}

/// Names at the ends of their lines, none on another.
function placeLabels(labels) {
    labels.sort((a, b) => a.y - b.y);
    for (let i = 1; i < labels.length; i += 1) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + 16);
    const over = labels.length ? labels.at(-1).y - (PLOT.height - PLOT.bottom) : 0;
    return over > 0 ? labels.map((label) => ({...label, y: label.y - over})) : labels;
}

function drawNumbers(sweeps, who) {
    const sizes = [...new Set(sweeps.flatMap((sweep) => sweep.points.map((p) => p.bytes)))].sort((a, b) => a - b);
    const at = (sweep, bytes) => sweep.points.find((p) => p.bytes === bytes);
    return el(
        "table",
        {class: "speed"},
        el(
            "thead",
            {},
            el("tr", {}, ["Payload", ...sweeps.map(who)].map((name) => el("th", {scope: "col"}, name))),
        ),
        el(
            "tbody",
            {},
            sizes.map((bytes) =>
                el(
                    "tr",
                    {},
                    el("th", {scope: "row"}, sizeName(bytes)),
                    sweeps.map((sweep) => {
                        const point = at(sweep, bytes);
                        return el("td", {}, point ? `${short(point.time_ns)} ns` : "–");
                    }),
                ),
            ),
            el(
                "tr",
                {},
                el("th", {scope: "row"}, "T0; bandwidth"),
                sweeps.map((s) => el("td", {}, s.t0_ns === null ? "–" : `${short(s.t0_ns)} ns; ${short(s.bandwidth / 1e9)} GB/s`)),
            ),
        ),
    );
}

function drawRows(list) {
    if (!list.length) return null;
    return el(
        "details",
        {},
        el("summary", {}, "Senders, streams, round trips"),
        el(
            "table",
            {class: "speed"},
            el("thead", {}, el("tr", {}, ["Benchmark", "Time", "Messages a second", "Events a message"].map((t) => el("th", {scope: "col"}, t)))),
            el(
                "tbody",
                {},
                list.map((row) =>
                    el(
                        "tr",
                        {},
                        el("th", {scope: "row"}, el("code", {}, row.name)),
                        row.time_ns === null
                            ? el("td", {colspan: "3", class: "soft"}, `not measured: ${row.skipped}`)
                            : [
                                  el("td", {}, `${short(row.time_ns)} ns`),
                                  el("td", {}, short(Math.round(row.per_second))),
                                  el("td", {}, row.events_per_message === null ? "" : short(row.events_per_message)),
                              ],
                    ),
                ),
            ),
        ),
    );
}

drawHead();
if (targets.length) {
    document.getElementById("targets").append(...targets.map(drawTarget));
    drawProfiles();
    drawObligations();
}
if (data.mutants) drawMutants();
if (data.bench) drawSpeed();
drawFoot();
openFromAddress();
addEventListener("hashchange", openFromAddress);
