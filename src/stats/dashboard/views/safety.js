// What the shadow costs the clients, and what keeps it within bounds: hold-out, memory, breaker, drops, late threads.

import { BYTES, COUNTS, chart } from '/page/chart.js';
import { element, facts, fill } from '/page/elements.js';
import { head } from '/page/experiment.js';
import { ofExperiment, ofGateway } from '/page/history.js';
import { table } from '/page/table.js';
import { NONE, bytes, difference, duration, grouped, total, words } from '/page/words.js';

const BREAKER = ['closed', 'half open', 'open'];

export function safety(id) {
  const top = head(id, 'safety');
  const now = facts(['Buffered', 'In flight', 'Breaker', 'Dropped', 'Thread lag']);
  const holdout = chart({
    title: 'p99 of live replies since the start', write: duration,
    series: [{ label: 'hold-out', side: 'live' }, { label: 'shadowed', side: 'shadow' }],
  });
  const quantiles = chart({
    title: 'Live replies by quantile', write: duration, writeX: (place) => ['p50', 'p90', 'p99', 'p99.9', 'max'][place] || '',
    series: [{ label: 'hold-out', side: 'live' }, { label: 'shadowed', side: 'shadow' }],
  });
  const buffered = chart({ title: 'Buffered bytes', write: bytes, steps: BYTES, series: [{ label: 'held', side: 'shadow' }, { label: 'budget', side: 'limit' }] });
  const breaker = chart({ title: 'Breaker', write: String, ticks: (state) => BREAKER[state] || '', top: 2, stepped: true, series: [{ label: 'state', side: 'shadow' }] });
  const drops = chart({ title: 'Dropped copies a second', write: (count) => grouped(Math.round(count)), steps: COUNTS, series: [{ label: 'dropped', side: 'shadow' }] });
  const lag = chart({ title: 'Lag of the threads that serve clients', write: duration, series: [{ label: 'lag', side: 'live' }] });
  const all = [holdout, quantiles, buffered, breaker, drops, lag];
  const costs = table({
    caption: 'What the shadow costs the clients',
    keyOf: (row) => row.name,
    empty: 'There is no hold-out, so nobody can tell.',
    columns: [
      { name: 'Quantile', head: true, text: (row) => row.name },
      { name: 'Hold-out', number: true, text: (row) => duration(row.holdout) },
      { name: 'Shadowed', number: true, text: (row) => duration(row.shadowed) },
      { name: 'Difference', number: true, text: (row) => difference(row.difference) },
      { name: '95 % confidence', number: true, text: (row) => (row.interval ? row.interval.map(difference).join(' … ') : 'too few to tell') },
    ],
  });
  const since = element('p', 'quiet', 'Curves over time begin when this page is opened and keep ten minutes.');
  const limit = element('p', 'quiet');
  const node = element('div', '', top.node, now.list, element('div', 'charts', ...all.map((one) => one.figure)), since, limit,
    element('h3', '', 'Hold-out'), costs.frame);

  function update(snapshot, one) {
    top.update(one);
    if (!one) return;
    const books = one.books;
    now.update([
      bytes(books.buffered_bytes) + ' of ' + bytes(books.buffered_bytes_max), grouped(books.in_flight) + ' of ' + grouped(books.concurrent_max),
      one.breaker ? words(one.breaker.state) + ', ' + grouped(one.breaker.transitions) + ' changes' : 'none',
      grouped(total(books.dropped)), snapshot.lag_ms === null || snapshot.lag_ms === undefined ? NONE : duration(snapshot.lag_ms),
    ]);
    fill(limit, snapshot.lag_limit_ms ? 'Copies stop while a thread is later than ' + duration(snapshot.lag_limit_ms) + '.' : 'Nobody watches the threads: overload is off.');
    costs.update(rows(one.overhead));
    curves(one);
  }

  function curves(one) {
    const held = ofExperiment(id);
    const gateway = ofGateway();
    if (!held) return;
    holdout.update([held.time, held.holdout, held.shadowed]);
    buffered.update([held.time, held.buffered, held.budget]);
    breaker.update([held.time, held.breaker]);
    drops.update([held.time, held.dropped]);
    lag.update([gateway.time, gateway.lag]);
    const of = (side) => (one.overhead && one.overhead[side].count ? ['p50', 'p90', 'p99', 'p999', 'max'].map((name) => one.overhead[side][name]) : [null, null, null, null, null]);
    quantiles.update([[0, 1, 2, 3, 4], of('holdout'), of('shadowed')]);
  }

  return { node, update, leave() { all.forEach((one) => one.leave()); } };
}

function rows(overhead) {
  if (!overhead) return [];
  const one = (name, found) => ({
    name: name + ' of ' + grouped(overhead.holdout.count) + ' and ' + grouped(overhead.shadowed.count) + ' replies',
    holdout: overhead.holdout.count ? overhead.holdout[name] : null, shadowed: overhead.shadowed.count ? overhead.shadowed[name] : null,
    difference: found ? found.difference : null, interval: found ? found.interval : null,
  });
  return [one('p50', overhead.p50), one('p99', overhead.p99)];
}

