"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const made = (tag, text = "", more = {}) => Object.assign(document.createElement(tag), { textContent: text }, more);
  const given = $("#data");
  const DATA = given ? JSON.parse(given.textContent) : null;
  const live = (text) => text.toLocaleString("en", { maximumSignificantDigits: 4 });

  /* ---- colours of day and night ---- */
  const root = document.documentElement;
  const themeButton = $("#theme");
  const night = () => root.dataset.theme === "dark";
  const named = () => themeButton.setAttribute("aria-label", night() ? "Colours: dark; change to light" : "Colours: light; change to dark");
  const paint = (theme, keep) => {
    root.dataset.theme = theme;
    if (keep) { try { localStorage.setItem("benchbench-theme", theme); } catch { /* no storage, no memory */ } }
    named();
    if (DATA) drawAll();
  };
  themeButton.addEventListener("click", () => paint(night() ? "light" : "dark", true));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => paint(event.matches ? "dark" : "light", false));

  /* ---- tables: sort, filter ---- */
  const numberOf = (text) => {
    const found = text.replaceAll(",", "").match(/-?\d+(\.\d+)?(e[+-]?\d+)?/i);
    return found ? Number(found[0]) : NaN;
  };
  const starts = (text) => !Number.isNaN(numberOf(text)) && /^[×≥≤~\s]*(difference )?-?\d/.test(text);
  function sortBy(table, column, heading) {
    const down = heading.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, text: (row.cells[column]?.innerText || "").trim() }));
    const known = rows.filter((one) => one.text && one.text !== "–");
    const numeric = known.length > 0 && known.filter((one) => starts(one.text)).length >= known.length / 2;
    const compared = (a, b) => numeric ? numberOf(a.text) - numberOf(b.text) : a.text.localeCompare(b.text, "en", { numeric: true });
    const empty = (one) => !one.text || one.text === "–" || (numeric && Number.isNaN(numberOf(one.text)));
    rows.sort((a, b) => (empty(a) - empty(b)) || (down ? -1 : 1) * compared(a, b));
    for (const cell of table.tHead.rows[0].cells) cell.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows.map((one) => one.row));
    $$(".same", body).forEach((cell) => cell.classList.remove("same"));
  }
  function sortable(table) {
    if (!table.tHead || !table.tBodies[0] || table.tBodies[0].rows.length < 2) return;
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = made("button", "", { type: "button" });
      button.append(...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sortBy(table, column, heading));
    });
  }
  $$("main table").forEach(sortable);
  $("#filter").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of $$("main .scroll:not(.plain) tbody tr")) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });

  /* ---- pages of tasks open where a link leads to them, and for the printer ---- */
  function open() {
    let target = null;
    try { target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { /* no such place */ }
    if (!target) return;
    const page = target.closest("details.page");
    if (page) { page.open = true; target.scrollIntoView(); }
  }
  addEventListener("hashchange", open);
  addEventListener("beforeprint", () => $$("details.page").forEach((page) => { page.open = true; }));
  open();
  named();

  /* ---- which records a number comes from ---- */
  const box = $("#source");
  const trialsOf = (cell) => DATA.sources[cell.dataset.s].map((i) => DATA.trials[i]);
  const word = (i) => DATA.words[i];
  let asked = null;
  function hide() {
    box.hidden = true;
    asked?.classList.remove("asked");
    asked = null;
  }
  function show(cell) {
    if (asked === cell) return;
    hide();
    asked = cell;
    cell.classList.add("asked");
    const found = trialsOf(cell);
    const distinct = (at) => [...new Set(found.map((one) => one[at]))];
    const files = distinct(6).map(word).join(", ");
    const seeds = distinct(1).sort((a, b) => a - b).join(", ");
    const head = made("p", `From ${found.length} record${found.length > 1 ? "s" : ""}, seed${distinct(1).length > 1 ? "s" : ""} ${seeds}, of `);
    head.append(made("code", files));
    const table = made("table");
    const titles = ["trial", "seed", ...(distinct(2).length > 1 ? ["architecture"] : []), ...(distinct(4).length > 1 ? ["length"] : []), ...(distinct(7).some((at) => word(at) !== "ok") ? ["ended"] : [])];
    const value = { trial: (t) => t[0], seed: (t) => t[1], architecture: (t) => word(t[2]), length: (t) => t[4], ended: (t) => word(t[7]) };
    const top = table.createTHead().insertRow();
    titles.forEach((title) => top.append(made("th", title, { scope: "col" })));
    const body = table.createTBody();
    for (const one of found.slice(0, 20)) {
      const row = body.insertRow();
      titles.forEach((title) => row.append(made("td", String(value[title](one)))));
    }
    box.replaceChildren(head, table);
    if (found.length > 20) box.append(made("p", `and ${found.length - 20} more`));
    box.hidden = false;
    const at = cell.getBoundingClientRect();
    const own = box.getBoundingClientRect();
    const below = at.bottom + 8 + own.height < innerHeight || at.top < own.height + 8;
    box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - own.width - 8))}px`;
    box.style.top = `${below ? Math.min(at.bottom + 6, innerHeight - Math.min(own.height, innerHeight) - 4) : at.top - own.height - 6}px`;
  }
  const cellOf = (event) => event.target.closest?.("td[data-s]");
  function step(cell, key) {
    const row = cell.parentElement;
    const body = row.parentElement;
    const rows = [...body.rows].filter((one) => !one.hidden);
    const here = rows.indexOf(row);
    const line = (of) => of && [...of.cells].filter((one) => one.dataset.s !== undefined);
    const across = line(row);
    const at = across.indexOf(cell);
    const side = { ArrowLeft: across[at - 1], ArrowRight: across[at + 1] }[key];
    const upright = { ArrowUp: line(rows[here - 1]), ArrowDown: line(rows[here + 1]) }[key];
    return side || upright?.[Math.min(at, upright.length - 1)];
  }
  if (DATA) {
    for (const table of $$("main table")) {
      $$("td[data-s]", table).forEach((cell, i) => { cell.tabIndex = i === 0 ? 0 : -1; cell.setAttribute("aria-describedby", "source"); });
    }
    document.addEventListener("focusin", (event) => { const cell = cellOf(event); if (cell) show(cell); });
    document.addEventListener("focusout", (event) => { if (cellOf(event)) hide(); });
    document.addEventListener("pointerover", (event) => {
      if (event.pointerType !== "mouse") return;
      const cell = cellOf(event);
      if (cell) show(cell);
      else if (asked && !box.contains(event.target) && document.activeElement !== asked) hide();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hide();
      const cell = cellOf(event);
      if (!cell) return;
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); return pick(cell.parentElement); }
      const next = step(cell, event.key);
      if (!next) return;
      event.preventDefault();
      $$("td[tabindex='0']", cell.closest("table")).forEach((one) => { one.tabIndex = -1; });
      next.tabIndex = 0;
      next.focus();
    });
    document.addEventListener("click", (event) => {
      const cell = cellOf(event);
      if (cell) cell.focus();
      else if (!box.contains(event.target)) hide();
      const row = event.target.closest?.("main tbody tr");
      if (row && !event.target.closest("a, button")) pick(row);
    });
  }
  if (!DATA) return;

  /* ---- what a reader has chosen ---- */
  const state = { chosen: "", measure: Object.keys(DATA.cells).includes("valid") ? "valid" : "score", cost: Object.keys(DATA.costs)[0] || "" };
  Object.assign(state, DATA.places[DATA.start]);
  const axes = DATA.controls.map((one) => one.name);
  const placeNow = () => DATA.places.findIndex((place) => axes.every((name) => String(place[name]) === String(state[name])));
  const rowsAt = (p) => (DATA.cells[state.measure] || []).filter((row) => row.p === p);
  function pick(row) {
    const cell = $("td[data-s]", row);
    if (!cell) return;
    const [first] = trialsOf(cell);
    const found = DATA.places.find((place) => place.condition === word(first[5]) && place.task === word(first[3]) && place.length === first[4]);
    if (found) Object.assign(state, found);
    state.chosen = DATA.names.includes(word(first[2])) ? word(first[2]) : state.chosen;
    refresh();
  }
  function choose(name) {
    state.chosen = state.chosen === name ? "" : name;
    refresh();
  }

  /* ---- controls, twice on the page, one state ---- */
  const SCORES = { score: "Test score", valid: "Valid time" };
  function icon(i) {
    const look = DATA.looks[i];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "-1.2 -1.2 2.4 2.4");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", look.shape);
    path.setAttribute("fill", night() ? look.dark : look.light);
    svg.append(path);
    return svg;
  }
  function select(name, label, values, texts = {}) {
    const whole = made("label", label);
    const list = made("select");
    list.dataset.control = name;
    values.forEach((value) => list.append(made("option", texts[value] ?? String(value), { value: String(value) })));
    list.addEventListener("change", () => { state[name] = list.value; nearest(name); refresh(); });
    whole.append(list);
    return whole;
  }
  function nearest(changed) {
    if (placeNow() >= 0) return;
    const agree = (place) => axes.filter((name) => String(place[name]) === String(state[name])).length;
    const allowed = DATA.places.filter((place) => String(place[changed]) === String(state[changed]));
    allowed.sort((a, b) => agree(b) - agree(a));
    if (allowed.length) Object.assign(state, allowed[0]);
  }
  function build() {
    for (const controls of $$(".controls")) {
      const selects = $(".selects", controls);
      DATA.controls.forEach((one) => selects.append(select(one.name, one.label, one.values)));
      if (Object.keys(DATA.cells).length > 1) selects.append(select("measure", "Score", Object.keys(DATA.cells), SCORES));
      if (Object.keys(DATA.costs).length > 1) selects.append(select("cost", "Cost", Object.keys(DATA.costs), DATA.costs));
      const chips = $(".chips", controls);
      DATA.names.forEach((name, i) => {
        const chip = made("button", "", { type: "button", className: DATA.baselines.includes(i) ? "chip base" : "chip" });
        chip.dataset.name = name;
        chip.append(icon(i), made("span", name));
        chip.addEventListener("click", () => choose(name));
        chips.append(chip);
      });
    }
  }

  /* ---- charts ---- */
  const views = new Map();
  const text = (value) => value === null || value === undefined ? "–" : Math.abs(value) >= 1e4 || (value && Math.abs(value) < 1e-3) ? value.toExponential(2) : live(value);
  const span = (low, high) => low === high || low === null ? "" : ` (${text(low)} to ${text(high)})`;
  const name = (row) => DATA.names[row.a];
  const log = (values) => { const known = values.filter((v) => v !== null && v !== undefined); return known.length > 0 && known.every((v) => v > 0) && Math.max(...known) >= 3 * Math.min(...known); };
  function frontier(rows, higher) {
    const best = [];
    for (const row of [...rows].sort((a, b) => a.x - b.x || (higher ? b.y - a.y : a.y - b.y))) {
      const last = best.at(-1);
      if (!last || (higher ? row.y > last.y : row.y < last.y)) best.push({ x: row.x, y: row.y });
    }
    return best.length > 1 ? best : [];
  }
  const scoreTitle = (row) => `${row.better === "higher" ? "↑ " : ""}${state.measure === "score" ? "test " : ""}${row.metric}${["MSE", "RMSE"].includes(row.metric) ? " (standardised)" : ""}`;
  const scored = (row) => ({ name: name(row), y: row.y, low: row.low, high: row.high, said: text(row.y) + span(row.low, row.high), seeds: row.failed ? `${row.seeds}; ${row.failed}` : String(row.seeds) });

  const CHARTS = {
    cost(p) {
      const label = DATA.costs[state.cost];
      const rows = rowsAt(p).filter((row) => row.costs[state.cost]).map((row) => {
        const [x, xlow, xhigh] = row.costs[state.cost];
        return { ...scored(row), x, xlow, xhigh, cost: `${text(x)}${span(xlow, xhigh)} · ${label}`, of: row };
      });
      if (!rows.length) return null;
      const higher = rows[0].of.better === "higher";
      const y = !higher && log(rows.flatMap((row) => [row.low, row.y, row.high]));
      const floor = rows.map((row) => row.of.floor).find((v) => v !== null && v !== undefined && (!y || v > 0));
      const title = scoreTitle(rows[0].of);
      rows.forEach((row) => { delete row.of; });
      return {
        said: quartiles("Along the grey line nothing is both cheaper and better."),
        sets: { rows, front: frontier(rows, higher), floor: floor === undefined ? [] : [{ y: floor }] },
        titles: { x: label, y: title }, log: { x: log(rows.map((row) => row.x)), y },
        table: [["competitor", title, label, "seeds"], rows.map((row) => [row.name, row.said, text(row.x) + span(row.xlow, row.xhigh), row.seeds])],
      };
    },
    length(p) { return against(p, (place) => place.length, "length (steps)", axes.filter((one) => one !== "length"), (row) => row); },
    growth(p) {
      const label = DATA.costs[state.cost];
      const cost = (row) => row.costs[state.cost] && { ...row, y: row.costs[state.cost][0], low: row.costs[state.cost][1], high: row.costs[state.cost][2], metric: label, better: "cost" };
      return against(p, (place) => place.length, "length (steps)", axes.filter((one) => one !== "length"), cost);
    },
    ladder(p) {
      const here = DATA.places[p];
      if (!here?.ladder) return null;
      return against(p, (place) => place.ladder === here.ladder ? place.rung : undefined, here.limit, ["task", "length", "device", "engine", "machine"].filter((one) => axes.includes(one)), (row) => row);
    },
    curves(p) {
      const grid = DATA.grids[p];
      if (!grid) return null;
      const rows = alongOf(p).flatMap((one) => grid.x.map((x, i) => ({ ...one.at(i), x })).filter((row) => row.y !== null && row.y !== undefined));
      if (!rows.length) return null;
      const at = Number($("#at").value) - 1;
      return {
        sets: { rows, now: [{ x: grid.x[Math.min(at, grid.x.length - 1)] }] },
        titles: { x: grid.unit === "updates" ? "updates" : "fit (s)", y: `validation loss: ${grid.loss}` },
        log: { x: false, y: log(rows.flatMap((row) => [row.low, row.high])) },
        table: [["competitor", "first", "middle", "last"], alongOf(p).map((one) => [one.name, ...[0, Math.floor(grid.x.length / 2), grid.x.length - 1].map((i) => text(one.at(i).y))])],
      };
    },
    now(p) {
      const grid = DATA.grids[p];
      if (!grid) return null;
      const at = Math.min(Number($("#at").value), grid.x.length) - 1;
      const rows = alongOf(p).map((one) => one.at(at)).filter((row) => row.y !== null && row.y !== undefined);
      if (!rows.length) return null;
      return {
        sets: { rows }, titles: { x: `validation loss: ${grid.loss}` }, log: { x: log(rows.flatMap((row) => [row.low, row.high])) },
        said: `After ${spent(grid, at)}, of the budget's ${text(grid.x.at(-1))}. A fit that has ended keeps its last loss.`,
        table: [["competitor", "loss"], rows.map((row) => [row.name, row.said])],
      };
    },
    predictions(p) { return series(p, DATA.predictions, (row) => row.true ? row : { ...row, true: DATA.predictions.find((one) => one.t === row.t && one.true).true }, "scored step"); },
    runs(p) { return series(p, DATA.runs, (row) => row, "time"); },
  };
  function against(p, along, label, same, read) {
    const here = DATA.places[p];
    const at = (place) => same.every((one) => place[one] === here[one]) ? along(place) : undefined;
    const found = (DATA.cells[state.measure] || []).map((row) => ({ row: read(row), x: at(DATA.places[row.p]) })).filter((one) => one.x !== undefined && one.row);
    if (new Set(found.map((one) => one.x)).size < 2) return null;
    const rows = found.map((one) => ({ ...scored(one.row), x: one.x }));
    const { better, metric } = found[0].row;
    return {
      said: better === "cost" ? "" : quartiles(""),
      sets: { rows, here: [{ x: along(here) }] }, titles: { x: label, y: better === "cost" ? metric : scoreTitle(found[0].row) },
      log: { x: log(rows.map((row) => row.x)), y: better !== "higher" && log(rows.flatMap((row) => [row.low, row.high])) },
      ticks: [...new Set(rows.map((row) => row.x))].sort((a, b) => a - b),
      table: [["competitor", label, better === "cost" ? metric : scoreTitle(found[0].row), "seeds"], rows.map((row) => [row.name, text(row.x), row.said, row.seeds])],
    };
  }
  function alongOf(p) {
    return DATA.curves.filter((one) => one.p === p).map((one) => ({
      name: name(one),
      at: (i) => {
        const [y, low, high] = one.end !== undefined ? [one.end, one.end, one.end] : [one.y[i], one.low[i], one.high[i]];
        return { name: name(one), y, low, high, said: text(y) + span(low, high) + (one.end !== undefined ? ", solved" : "") };
      },
    }));
  }
  function best(p) {
    const rows = rowsAt(p);
    const sign = rows[0]?.better === "higher" ? -1 : 1;
    return [...rows].sort((a, b) => sign * (a.y - b.y))[0]?.a;
  }
  const quartiles = (more) => state.measure === "valid" ? `Free runs: medians over all starts of all seeds, bars are the quartiles. ${more}`.trim() : "";
  const spent = (grid, at) => `${text(grid.x[at])} ${grid.unit}`;
  function series(p, all, whole, label) {
    const place = DATA.places[p];
    const here = all.filter((row) => row.p === p);
    const near = here.length || !place ? here : all.filter((row) => { const other = DATA.places[row.p]; return other.task === place.task && other.condition === place.condition; });
    if (!near.length) return null;
    const row = whole(near.find((one) => name(one) === state.chosen) || near.find((one) => one.a === best(p)) || near[0]);
    const x = (i) => row.x ? row.x[i] : i;
    const points = (values) => values.map((y, i) => ({ x: x(i), y, name: name(row) })).filter((one) => one.y !== null);
    const at = row.p === p ? "" : ` at length ${DATA.places[row.p].length}`;
    const wide = row.true.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
    const margin = 0.35 * (wide[1] - wide[0] || 1);
    const kept = points(row.made).map((one) => row.dots ? one : { ...one, y: Math.max(wide[0] - margin, Math.min(wide[1] + margin, one.y)) });
    const valid = row.valid === undefined || row.valid === null ? [] : [{ x: row.valid }];
    return {
      dots: row.dots, sets: { true: points(row.true), rows: kept, valid },
      titles: { x: row.unit ? `${label} (${row.unit.replace(/s$/, "")}s)` : label, y: row.dots ? "class" : row.unit ? "input units" : "standardised" }, log: {},
      said: `${name(row)}${at}, one seed: ${row.dots ? "predicted classes (dots) over true ones (squares)" : row.unit ? "generated (colour) over true (grey); the dashed line ends the valid time" : "predicted (colour) over true (grey)"}.${state.chosen && state.chosen !== name(row) ? ` ${state.chosen} has none here.` : ""}`,
      table: [["step", "true", "made"], row.true.slice(0, 40).map((value, i) => [text(x(i)), text(value), text(row.made[i])])],
    };
  }
  function config() {
    const css = getComputedStyle(root);
    const of = (one) => css.getPropertyValue(one).trim();
    const axis = { labelColor: of("--soft"), titleColor: of("--ink"), gridColor: of("--line"), domainColor: of("--soft"), tickColor: of("--soft"), labelFontSize: 12, titleFontSize: 12.5, titleFontWeight: 500, gridOpacity: 0.8, labelOverlap: true, labelLimit: 200, labelFlush: false, titlePadding: 8 };
    return {
      background: "transparent", font: css.getPropertyValue("font-family") || "system-ui, sans-serif", view: { stroke: null }, axis,
      range: { category: DATA.looks.map((look) => night() ? look.dark : look.light), symbol: DATA.looks.map((look) => look.shape) },
    };
  }
  function decades(drawn, channel) {
    const names = channel === "y" ? ["y", "low", "high"] : drawn.titles.y ? ["x"] : ["y", "low", "high"];
    const all = drawn.sets.rows.flatMap((row) => names.map((one) => row[one])).filter((value) => value > 0);
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const many = Math.log10(high / low);
    const subs = many < 1.2 ? [1, 1.5, 2, 3, 4, 5, 7] : many < 2.2 ? [1, 2, 5] : many < 3.5 ? [1, 3] : [1];
    const step = Math.max(1, Math.ceil(many / 7));
    const values = [];
    for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.log10(high) + 1; power += 1) {
      if (power % step === 0) values.push(...subs.map((one) => Number(`${one}e${power}`)));
    }
    const shown = values.filter((value) => value >= low * 0.95 && value <= high * 1.05);
    return shown.length > 1 ? { values: shown } : {};
  }
  function finished(spec, drawn) {
    spec.layer = spec.layer.filter((layer) => drawn.sets[(layer.data || spec.data).name]?.length);
    const walk = (one, act) => { act(one); (one.layer || []).forEach((layer) => walk(layer, act)); };
    walk(spec, (one) => {
      for (const channel of ["color", "shape", "strokeDash"]) {
        const of = one.encoding?.[channel];
        if (of?.field === "name") of.scale = { domain: DATA.names, ...(channel === "strokeDash" ? { range: DATA.dashes } : {}) };
      }
      if (one.encoding?.y?.field === "name") one.encoding.y.sort = DATA.names;
      for (const channel of ["x", "y"]) {
        const of = one.encoding?.[channel];
        if (!of || of.title !== channel) continue;
        if (drawn.titles[channel]) of.title = drawn.titles[channel];
        if (of.type !== "quantitative") continue;
        of.scale = drawn.log[channel] ? { ...of.scale, type: "log", zero: undefined } : { ...of.scale, type: "linear" };
        const values = channel === "x" && drawn.ticks ? { values: drawn.ticks } : drawn.log[channel] ? decades(drawn, channel) : {};
        const plain = { labelExpr: "datum.value !== 0 && (abs(datum.value) < 0.001 || abs(datum.value) >= 1e5) ? format(datum.value, '~e') : format(datum.value, ',~r')" };
        of.axis = { tickCount: 5, ...(channel === "x" ? { grid: false } : {}), ...(drawn.log[channel] ? plain : {}), ...values };
      }
    });
    spec.datasets = structuredClone(drawn.sets);
    return spec;
  }
  async function draw(figure) {
    const id = figure.dataset.chart;
    const drawn = CHARTS[id](placeNow());
    const card = figure.closest(".card");
    const always = id === "cost";
    if (!card.classList.contains("lead")) card.hidden = !drawn;
    const empty = $(".empty", figure);
    empty.hidden = Boolean(drawn);
    empty.textContent = "No trial with a score and this cost ended here.";
    const target = $(".drawn", figure);
    target.hidden = !drawn;
    const turn = (figure.turn = (figure.turn || 0) + 1);
    if (!drawn) return views.delete(id);
    const caption = $(".caption", figure);
    figure.usual ??= caption.textContent;
    caption.textContent = drawn.said || figure.usual;
    tabled(figure, drawn.table);
    const spec = finished(structuredClone(DATA.specs[drawn.dots ? "dots" : id === "growth" ? "length" : id]), drawn);
    const result = await vegaEmbed(target, spec, { actions: false, renderer: "svg", config: config(), tooltip: { theme: "custom" } });
    if (turn !== figure.turn) return result.finalize();
    views.get(id)?.finalize();
    views.set(id, result);
    result.view.signal("chosen", state.chosen);
    result.view.addEventListener("click", (_, item) => { const hit = item?.datum?.name; if (hit) choose(hit); });
    await result.view.runAsync();
    const svg = $("svg", target);
    if (svg) { svg.setAttribute("role", "img"); svg.setAttribute("aria-label", `${$("h3", figure).textContent}: ${drawn.titles.y || drawn.titles.x} against ${drawn.titles.x}. The numbers stand in the table below.`); }
    figure.dataset.ready = String(turn);
    return always;
  }
  function tabled(figure, [heads, rows]) {
    const table = made("table");
    const top = table.createTHead().insertRow();
    heads.forEach((head, i) => top.append(made("th", head, { scope: "col", className: i ? "" : "l" })));
    const body = table.createTBody();
    for (const cells of rows) {
      const row = body.insertRow();
      cells.forEach((cell, i) => row.append(i ? made("td", cell) : made("th", cell, { scope: "row", className: "l" })));
    }
    const place = $(".numbers .scroll", figure);
    place.classList.add("plain");
    place.replaceChildren(table);
  }
  function drawAll() {
    const half = $$(".charts .card:not([data-wide])").filter((card) => CHARTS[$(".chart", card).dataset.chart](placeNow()));
    half.forEach((card, i) => card.classList.toggle("odd", half.length % 2 === 1 && i === half.length - 1));
    return Promise.all($$(".chart").map(draw));
  }
  const drawSome = (...names) => Promise.all($$(".chart").filter((one) => names.includes(one.dataset.chart)).map(draw));

  function refresh() {
    for (const list of $$("select[data-control]")) list.value = String(state[list.dataset.control]);
    for (const chip of $$(".chip")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.name === state.chosen));
      const i = DATA.names.indexOf(chip.dataset.name);
      $("path", chip).setAttribute("fill", night() ? DATA.looks[i].dark : DATA.looks[i].light);
    }
    for (const row of $$("main tr.mine")) row.classList.remove("mine");
    if (state.chosen) {
      for (const cell of $$("td[data-s]")) {
        if (word(trialsOf(cell)[0][2]) === state.chosen) cell.parentElement.classList.add("mine");
      }
    }
    slid();
    return drawAll();
  }
  function slid() {
    const p = placeNow();
    const grid = DATA.grids[p];
    const slider = $("#at");
    if (slider && grid) {
      slider.max = String(grid.x.length);
      const at = Math.min(Number(slider.value), grid.x.length) - 1;
      $("#spent").textContent = `${spent(grid, at)} (${Math.round(100 * (at + 1) / grid.x.length)} %)`;
      slider.setAttribute("aria-valuetext", $("#spent").textContent);
    }
    const rung = $("#rung");
    const rungs = ladderAt(p);
    if (rung && rungs.length) {
      rung.max = String(rungs.length - 1);
      rung.value = String(rungs.findIndex((place) => place === DATA.places[p]));
      $("#rung-at").textContent = `${text(DATA.places[p].rung)} ${DATA.places[p].limit}`;
      rung.setAttribute("aria-valuetext", $("#rung-at").textContent);
    }
  }
  function ladderAt(p) {
    const here = DATA.places[p];
    if (!here?.ladder) return [];
    return DATA.places.filter((place) => place.ladder === here.ladder && place.task === here.task && place.length === here.length).sort((a, b) => a.rung - b.rung);
  }
  $("#at")?.addEventListener("input", () => { slid(); drawSome("now"); moved(); });
  $("#rung")?.addEventListener("input", (event) => { Object.assign(state, ladderAt(placeNow())[Number(event.target.value)]); refresh(); });
  function moved() {
    const view = views.get("curves")?.view;
    const grid = DATA.grids[placeNow()];
    if (view && grid) view.data("now", [{ x: grid.x[Math.min(Number($("#at").value), grid.x.length) - 1] }]).runAsync();
  }
  build();
  refresh().then(() => { root.dataset.ready = "yes"; });
})();
