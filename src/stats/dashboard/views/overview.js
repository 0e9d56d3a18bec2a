// All experiments at a glance: one row each.

import { element, facts, fill, heading } from '/page/elements.js';
import { loss, matched, nameOf, overhead, place, rate, slower, verdict } from '/page/experiment.js';
import { table } from '/page/table.js';
import { NONE, bytes, difference, grouped, perSecond, share, short, span, sum, words } from '/page/words.js';

export const TITLE = 'Overview';

// From this share on, errors are red: a page that always cries is not heard.
const ALARMING = 0.01;

export function overview() {
  const totals = facts(['Requests', 'Errors', 'In flight', 'Mirrored', 'No route', 'Memory', 'Up']);
  const experiments = table({
    caption: 'Experiments',
    keyOf: (one) => one.id,
    empty: 'The file has no shadows: there is nothing to compare. Endpoints has the figures of the gateway.',
    className: 'overview',
    columns: [
      { name: 'Experiment', head: true, wide: true, text: nameOf, href: (one) => place(one.id, 'funnel') },
      { name: 'State', text: (one) => words(one.state), marks: (one) => ({ bad: one.state === 'killed' || Boolean(one.stopped), quiet: one.state !== 'running' }) },
      { name: 'Rate', number: true, text: rate },
      { name: 'Loss', number: true, hint: 'Copies that were wanted and were dropped or given up', text: (one) => share(loss(one)), marks: (one) => ({ bad: loss(one) >= ALARMING }) },
      { name: 'Match', number: true, hint: 'Compared pairs in which nothing differs that counts', text: (one) => share(matched(one)), marks: (one) => ({ bad: matched(one) !== null && matched(one) < 1 - ALARMING }) },
      { name: 'Δp99', number: true, hint: '99 of 100 shadow answers were slower by no more than this than the live answer to the same request', text: (one) => difference(slower(one)) },
      { name: 'Overhead p99', number: true, hint: 'By how much live replies are slower with the shadow than without it, 95 times of 100', text: overhead },
      { name: 'Verdict', text: (one) => verdict(one.verdict), href: (one) => place(one.id, 'readiness'), marks: (one) => ({ good: one.verdict === 'ready', bad: one.verdict === 'not_ready' }) },
    ],
  });
  const more = element('p', 'quiet');
  const node = element('div', '', heading(TITLE), totals.list, element('h3', '', 'Experiments'), experiments.frame, more);

  function update(now) {
    const all = now.totals;
    const errors = all.recent_rate ? all.recent_errors_rate / all.recent_rate : 0;
    totals.update([
      perSecond(all.recent_rate), all.recent_rate ? share(errors) : NONE, grouped(all.in_flight), perSecond(all.recent_mirrored_rate),
      short(sum(Object.values(now.unrouted))), bytes(now.process.resident_bytes), span(now.uptime_seconds),
    ]);
    totals.mark(1, 'bad', errors >= ALARMING);
    const { shadows, found } = now.experiments || { shadows: [], found: 0 };
    experiments.update(shadows);
    fill(more, found > shadows.length ? 'The first ' + shadows.length + ' of ' + grouped(found) + '; /__shadow has all.' : '');
  }
  return { node, update, leave() {} };
}
