// Whether the shadow can take the live backend's place, with every reason; and the change that would make it live.

import { follow, pathOf, read } from '/page/api.js';
import { button, element, fill, mark } from '/page/elements.js';
import { head, verdict } from '/page/experiment.js';
import { say } from '/page/notices.js';
import { table } from '/page/table.js';
import { NONE, grouped, share, words } from '/page/words.js';

const EVERY_MS = 2000;
const HOLDING = { holds: '✓ holds', fails: '✕ fails', unknown: '… unknown' };

export function readiness(id) {
  const top = head(id, 'readiness');
  const found = element('p', 'judgement', '…');
  const coverage = element('p', 'quiet');
  const reasons = table({
    caption: 'What speaks for it and against it',
    keyOf: (row) => row.code,
    columns: [
      { name: 'What', head: true, text: (row) => words(row.code) },
      { name: 'Holds', text: (row) => HOLDING[row.holding] || words(row.holding), marks: (row) => ({ good: row.holding === 'holds', bad: row.holding === 'fails' }) },
      { name: 'Why', wide: true, text: (row) => row.says },
      { name: 'Measured', number: true, text: (row) => number(row.measured) },
      { name: 'Limit', number: true, text: (row) => number(row.limit) },
    ],
  });
  const patch = element('pre', 'patch');
  patch.hidden = true;
  const shown = button('Show the change that makes it live', async () => {
    try {
      const promotion = await read(pathOf(id, 'promote'));
      fill(patch, promotion.notes.map(String).concat(JSON.stringify(promotion.patch, null, 2)).join('\n'));
      patch.hidden = false;
    } catch (error) {
      say(error.message, true);
    }
  });
  const node = element('div', '', top.node, found, coverage, reasons.frame, element('p', 'actions', shown), patch);
  const told = follow(pathOf(id, 'readiness?status=200'), EVERY_MS, show, (error) => fill(found, error.message));

  function show(now) {
    fill(found, verdict(now.verdict));
    mark(found, 'good', now.verdict === 'ready');
    mark(found, 'bad', now.verdict === 'not_ready');
    reasons.update([...now.reasons, ...now.holds]);
    const of = now.coverage;
    fill(coverage, grouped(of.statuses_compared) + ' of ' + grouped(of.statuses_seen) + ' live statuses were compared, which ' + share(of.answers) +
      ' of the answers had; ' + grouped(of.field_patterns) + ' places in answers were seen, in answers to ' + grouped(of.paths) +
      ' paths with ' + grouped(of.queries) + ' queries.');
  }

  return {
    node,
    update(now, one) {
      top.update(one);
      if (one) told.tick();
      else if (one === null) fill(found, 'There is nothing to judge.');
    },
    ready: told.first,
    leave() { told.stop(); },
  };
}

function number(value) {
  return value === null || value === undefined ? NONE : String(Number(value.toPrecision(3)));
}
