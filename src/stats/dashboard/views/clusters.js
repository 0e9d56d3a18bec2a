// Pairs that differ in the same ways, with samples side by side. Values are as they are kept: redacted.

import { follow, pathOf } from '/page/api.js';
import { COUNTS, chart } from '/page/chart.js';
import { element, fill, place } from '/page/elements.js';
import { following, head } from '/page/experiment.js';
import { table } from '/page/table.js';
import { grouped, moment, sum, words } from '/page/words.js';

const EVERY_MS = 3000;
// In seconds.
const MINUTE = 60;

export function clusters(id) {
  const top = head(id, 'clusters');
  const note = element('p', 'quiet', 'Asking for the clusters …');
  const list = element('div', 'clusters');
  const node = element('div', '', top.node, note, list);
  const told = follow(pathOf(id, 'clusters'), EVERY_MS, show, (error) => fill(note, error.message));
  let held = new Map();

  function show(now) {
    // The most frequent first; one that is shown already keeps its place, so that nothing moves under the reader.
    const ranks = new Map([...held.keys()].map((id_, number) => [id_, number]));
    const rank = (one) => ranks.get(one.id) ?? Infinity;
    const all = [...now.clusters].sort((one, other) => (rank(one) === rank(other) ? other.count - one.count : rank(one) - rank(other)));
    const next = new Map();
    for (const one of all) {
      const made = held.get(one.id) || cluster(one);
      made.update(one);
      next.set(one.id, made);
    }
    for (const [gone, made] of held) if (!next.has(gone)) made.leave();
    held = next;
    place(list, [...held.values()].map((made) => made.node));
    fill(note, all.length ? 'Open one to see samples of its pairs, live and shadow side by side.' : 'No pair differs.');
  }

  return {
    ...following(node, top, told, note, [list]),
    leave() {
      told.stop();
      held.forEach((made) => made.leave());
    },
  };
}

function cluster(one) {
  const ways = one.fields.map((field) => element('li', '', element('bdi', 'path', field.path), ' ' + words(field.kind)));
  if (one.id === 'other') ways.push(element('li', '', 'all that found no place of their own'));
  if (one.more_fields) ways.push(element('li', 'quiet', grouped(one.more_fields) + ' more'));
  const count = element('b');
  const seen = element('span', 'quiet');
  const summary = element('summary', '', count, ' ', element('ul', 'ways', ...ways), seen);
  const minutes = element('div', 'minutes');
  const samples = element('div', 'samples');
  const node = element('details', 'cluster', summary, minutes, samples);
  let curve = null;
  const shown = new Map();
  let latest = one;

  // Filled only while it is open: there may be many.
  function open() {
    if (!node.open) return;
    if (!curve) {
      curve = perMinute(() => latest.per_minute);
      minutes.append(curve.figure);
    }
    curve.update([times(latest.per_minute.length), latest.per_minute]);
    const wanted = latest.samples.map((sample) => {
      const key = sample.pair + ' ' + sample.at;
      if (!shown.has(key)) shown.set(key, pair(sample));
      return [key, shown.get(key)];
    });
    const keys = new Set(wanted.map(([key]) => key));
    for (const key of shown.keys()) if (!keys.has(key)) shown.delete(key);
    place(samples, wanted.map(([, section]) => section));
  }

  node.addEventListener('toggle', open);
  return {
    node,
    update(now) {
      latest = now;
      fill(count, grouped(now.count) + (now.count === 1 ? ' pair' : ' pairs'));
      const noise = now.noise ? grouped(now.noise) + ' by noise · ' : '';
      fill(seen, noise + 'first ' + moment(now.first_seen) + ' · last ' + moment(now.last_seen));
      open();
    },
    leave() { if (curve) curve.leave(); },
  };
}

// When the pairs of a cluster were: whether it is over, still goes on, or has just begun.
function perMinute(counts) {
  return chart({
    title: 'Pairs a minute in the last hour', write: (count) => grouped(Math.round(count)), bars: MINUTE, steps: COUNTS,
    series: [{ label: 'pairs', side: 'shadow' }], rest: () => grouped(sum(counts())),
  });
}

// The beginnings of so many minutes, in seconds since 1970; the last one is under way.
function times(count) {
  const last = Math.floor(Date.now() / 1000 / MINUTE) * MINUTE;
  return Array.from({ length: count }, (_one, number) => last - (count - 1 - number) * MINUTE);
}

function pair(sample) {
  const title = element('h3', '', element('bdi', 'path', sample.method + ' ' + sample.path), ' ' + moment(sample.at));
  const statuses = 'live ' + (sample.live_status ?? '–') + ', shadow ' + (sample.shadow_status ?? '–') + (sample.noise ? ' · noise' : '');
  const grid = table({
    caption: 'Differences of ' + sample.method + ' ' + sample.path.slice(0, 100),
    keyOf: (row) => row.key,
    className: 'side-by-side',
    columns: [
      { name: 'Place', head: true, className: 'path', text: (row) => row.at },
      { name: 'Kind', text: (row) => words(row.kind) },
      { name: 'Live', className: 'value live-side', text: (row) => value(row.live) },
      { name: 'Shadow', className: 'value shadow-side', text: (row) => value(row.shadow) },
    ],
  });
  grid.update(sample.differences.map((row, number) => ({ ...row, key: String(number) })));
  const more = sample.left_out ? [element('p', 'quiet', grouped(sample.left_out) + ' more differences')] : [];
  return element('section', 'sample', title, element('p', 'quiet', statuses), grid.frame, ...more);
}

function value(kept) {
  if (kept === null) return '—';
  if (typeof kept.text === 'string') return kept.text + (kept.cut ? ' … (' + grouped(kept.bytes) + ' bytes)' : '');
  return JSON.stringify(kept);
}
