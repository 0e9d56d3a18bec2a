// How long both sides took: side by side, request by request, as distributions; and how both calls ended.

import { follow, pathOf } from '/page/api.js';
import { chart } from '/page/chart.js';
import { element, fill, place } from '/page/elements.js';
import { findings, head } from '/page/experiment.js';
import { table } from '/page/table.js';
import { difference, duration, grouped, share, words } from '/page/words.js';

const EVERY_MS = 2000;

const SIDES = [['live', 'live'], ['shadow', 'shadow'], ['baseline', 'second live answer']];

export function latency(id) {
  const top = head(id, 'latency');
  let latest = null;
  const minute = chart({ title: 'p99, last minute', series: [{ label: 'live', side: 'live' }, { label: 'shadow', side: 'shadow' }], write: duration });
  const curves = chart({
    title: 'Share of answers within', rest: (side) => median(latest && latest.total.latency[SIDES[side][0]]), write: share, top: 1, gaps: true,
    writeX: (power) => duration(10 ** power),
    series: [{ label: 'live', side: 'live' }, { label: 'shadow', side: 'shadow' }],
  });
  const paired = chart({
    title: 'Share of shadow answers slower by up to', rest: (side) => paired50(latest && [latest.slower_than_live, latest.slower_than_baseline][side]), write: share, top: 1, gaps: true, writeX: difference,
    series: [{ label: 'than live', side: 'live' }, { label: 'than second live', side: 'third' }],
  });
  const sides = table({
    caption: 'How long answers took, of compared pairs',
    keyOf: (row) => row.name,
    columns: [
      { name: 'Side', head: true, text: (row) => row.name },
      { name: 'Answers', number: true, text: (row) => grouped(row.count) },
      ...['p50', 'p90', 'p99', 'p999', 'max'].map((name) => ({ name, number: true, text: (row) => (row.count ? duration(row[name]) : '–') })),
    ],
  });
  const differences = table({
    caption: 'By how much the shadow was slower, request by request',
    keyOf: (row) => row.name,
    columns: [
      { name: 'Than', head: true, text: (row) => row.name },
      { name: 'Requests', number: true, text: (row) => grouped(row.count) },
      { name: 'Quicker', number: true, text: (row) => grouped(row.quicker) },
      { name: 'Slower', number: true, text: (row) => grouped(row.slower) },
      ...['p1', 'p25', 'p50', 'p75', 'p95', 'p99'].map((name) => ({ name, number: true, text: (row) => (row.percentiles_us ? difference(row.percentiles_us[name] / 1000) : '–') })),
    ],
  });
  const matrix = element('div', 'matrix');
  const note = element('p', 'quiet', 'Asking for the comparison …');
  const results = element('div', '', element('h3', '', 'Durations'), sides.frame, element('h3', '', 'Paired differences'), differences.frame,
    element('h3', '', 'How both calls ended'), matrix);
  const node = element('div', '', top.node, element('div', 'charts', minute.figure, curves.figure, paired.figure),
    results, note);
  const told = follow(pathOf(id, 'comparison'), EVERY_MS, show, (error) => fill(note, error.message));
  const found = findings(told, note, [curves.figure, paired.figure, results]);
  let history = null;

  function show(now) {
    latest = now;
    const of = now.total.latency;
    sides.update(SIDES.map(([key, name]) => ({ name, ...of[key] })));
    differences.update([['live', now.slower_than_live], ['second live answer', now.slower_than_baseline]].map(([name, one]) => ({ name, ...one })));
    curves.update(joined([now.curves.live, now.curves.shadow].map((points) => points.map(([ms, part]) => [Math.log10(Math.max(ms, 0.001)), part]))));
    paired.update(joined([now.slower_than_live.curve, now.slower_than_baseline.curve].map((points) => points.map(([us, part]) => [us / 1000, part]))));
    outcomes(matrix, now.total.matrix);
    const ratio = now.total.p99_ratio;
    fill(note, ratio ? 'The shadow’s p99 is ' + ratio.ratio.toFixed(2) + ' times that of the ' + words(ratio.to) + ' answer' +
      (ratio.interval ? ', ' + ratio.interval.map((end) => end.toFixed(2)).join(' to ') + ' with 95 % confidence.' : '; too few answers to say how surely.') : '');
  }

  function update(now, one) {
    top.update(one);
    found.update(one);
    if (!one) return;
    // The one that is called exactly so comes first.
    if (!history) history = follow('/__stats?' + new URLSearchParams({ find: one.method + ' ' + one.endpoint, limit: '1' }), 1000, (stats) => minute.update(lastMinute(stats, one)));
    history.tick();
  }
  return {
    node,
    update,
    ready: found.ready,
    leave() {
      told.stop();
      if (history) history.stop();
      [minute, curves, paired].forEach((each) => each.leave());
    },
  };
}

function median(side) {
  return side && side.count ? 'p50 ' + duration(side.p50) : '–';
}

function paired50(side) {
  return side && side.percentiles_us ? 'p50 ' + difference(side.percentiles_us.p50 / 1000) : '–';
}

// Several curves of points on one axis.
function joined(curves) {
  const usable = curves.map((points) => (points.length ? [points.map(([x]) => x), points.map(([, y]) => y)] : [[0], [null]]));
  return globalThis.uPlot.join(usable);
}

// The 99th percentiles of the last minute, second by second, of this shadow and of the live backends beside it.
function lastMinute(stats, one) {
  const endpoint = stats.endpoints.find((each) => each.method === one.method && each.path === one.endpoint);
  const seconds = 60;
  const now = Math.floor(Date.now() / 1000);
  const times = Array.from({ length: seconds }, (_none, number) => now - seconds + 1 + number);
  const backends = endpoint ? endpoint.backends : [];
  const of = (wanted) => {
    const all = backends.filter(wanted).map((each) => each.recent.history).filter(Boolean).map((each) => each.p99);
    return times.map((_time, number) => all.reduce((most, values) => {
      const value = values[values.length - seconds + number] ?? null;
      return value === null ? most : Math.max(most ?? 0, value);
    }, null));
  };
  const isShadow = (each) => each.shadow && each.label === one.backend && each.hosts === one.hosts;
  return [times, of((each) => !each.shadow), of(isShadow)];
}

// Live outcomes down, shadow outcomes across.
function outcomes(holder, cells) {
  const order = (names) => [...new Set(names)].sort();
  const down = order(cells.map((cell) => cell.live));
  const across = order(cells.map((cell) => cell.shadow));
  const key = JSON.stringify([down, across]);
  if (holder.dataset.key !== key) {
    holder.dataset.key = key;
    const grid = table({
      caption: 'How both calls ended: live down, shadow across',
      keyOf: (row) => row.live,
      empty: 'No pair yet.',
      columns: [
        { name: 'live ╲ shadow', head: true, text: (row) => words(row.live) },
        ...across.map((name) => ({ name: words(name), number: true, text: (row) => grouped(row[name] || 0), marks: (row) => ({ quiet: !row[name], bad: Boolean(row[name]) && name !== row.live }) })),
      ],
    });
    holder.update = grid.update;
    place(holder, [grid.frame]);
  }
  holder.update(down.map((live) => ({ live, ...Object.fromEntries(cells.filter((cell) => cell.live === live).map((cell) => [cell.shadow, cell.pairs])) })));
}
