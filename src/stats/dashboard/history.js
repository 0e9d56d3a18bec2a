// What the stream said in the last ten minutes, by experiment: for curves over time. It begins when the page is opened.

import { total } from '/page/words.js';

const SECONDS_MAX = 600;
// What is a rate now.
const RATE_SECONDS = 10;
const BREAKER = { closed: 0, half_open: 1, open: 2 };

const experiments = new Map();
const gateway = kept(['time', 'lag', 'rate', 'mirrored']);

function kept(names) {
  return Object.fromEntries(names.map((name) => [name, []]));
}

function add(columns, values) {
  for (const [name, value] of Object.entries(values)) {
    const column = columns[name];
    column.push(value);
    if (column.length > SECONDS_MAX) column.shift();
  }
}

// Takes in a snapshot.
export function note(snapshot) {
  const time = Date.now() / 1000;
  const totals = snapshot.totals;
  add(gateway, { time, lag: snapshot.lag_ms ?? null, rate: totals.recent_rate, mirrored: totals.recent_mirrored_rate });
  const { shadows, found } = snapshot.experiments || { shadows: [], found: 0 };
  const seen = new Set();
  for (const one of shadows) {
    seen.add(one.id);
    noteOne(one, time);
  }
  // Where an event does not tell of all, one that it does not tell of may have been asked for.
  const isKept = (held) => found > shadows.length && time - held.columns.time.at(-1) < SECONDS_MAX;
  for (const [id, held] of experiments) if (!seen.has(id) && !isKept(held)) experiments.delete(id);
}

// Takes in the row of one experiment, as an event has it or as it was asked for.
export function noteOne(one, time = Date.now() / 1000) {
  let held = experiments.get(one.id);
  if (!held) {
    held = { columns: kept(['time', 'sent', 'shadowed', 'holdout', 'buffered', 'budget', 'dropped', 'breaker']), dropped: null };
    experiments.set(one.id, held);
  }
  const dropped = total(one.books.dropped);
  const overhead = one.overhead;
  const timed = (side) => (overhead && overhead[side].count > 0 ? overhead[side].p99 : null);
  add(held.columns, {
    time,
    sent: one.books.sent,
    shadowed: timed('shadowed'),
    holdout: timed('holdout'),
    buffered: one.books.buffered_bytes,
    budget: one.books.buffered_bytes_max,
    // The first look has nothing to be compared with, and a reload may begin anew.
    dropped: held.dropped === null ? 0 : Math.max(0, dropped - held.dropped),
    breaker: one.breaker ? BREAKER[one.breaker.state] ?? null : null,
  });
  held.dropped = dropped;
}

// How many copies a second an experiment has sent lately; null before it was looked at twice.
export function sentRate(id) {
  const { time, sent } = ofExperiment(id) || { time: [], sent: [] };
  const first = time.findIndex((one) => one >= time.at(-1) - RATE_SECONDS);
  const seconds = first < 0 ? 0 : time.at(-1) - time[first];
  // A reload may begin anew.
  return seconds > 0 ? Math.max(0, sent.at(-1) - sent[first]) / seconds : null;
}

export function ofGateway() {
  return gateway;
}

export function ofExperiment(id) {
  const held = experiments.get(id);
  return held ? held.columns : null;
}
