// The fields in which answers differ: how often, how often by noise alone, and what is decided about them.

import { change, follow, pathOf } from '/page/api.js';
import { button, element, fill, mark } from '/page/elements.js';
import { head } from '/page/experiment.js';
import { say } from '/page/notices.js';
import { table } from '/page/table.js';
import { grouped, moment, share, words } from '/page/words.js';

const EVERY_MS = 2000;

export function fields(id) {
  const top = head(id, 'fields');
  const summary = element('p', 'quiet', 'Asking for the fields …');
  const grid = table({
    caption: 'Fields that differ',
    keyOf: (row) => row.path + ' ' + row.kind,
    empty: 'No field differs.',
    columns: [
      { name: 'Field', head: true, wide: true, className: 'path', text: (row) => row.path },
      { name: 'Kind', text: (row) => words(row.kind) },
      { name: 'Differs', number: true, text: (row) => grouped(row.raw) },
      { name: 'Raw rate', number: true, hint: 'Of the pairs, how many differ here', text: (row) => share(row.raw_rate) },
      { name: 'Noise', number: true, hint: 'Of the pairs of live answers, how many differ here', text: (row) => share(row.noise_rate) },
      { name: 'Decision', text: decision, marks: (row) => ({ bad: row.decision === 'different' && !row.ignored, quiet: row.ignored || row.decision === 'noise' }) },
      { name: 'Last seen', text: (row) => moment(row.last_seen_ms) },
      { name: 'Ignore', make: (row) => ignoring(id, row, () => told.again()) },
    ],
  });
  const node = element('div', '', top.node, summary, grid.frame);
  const told = follow(pathOf(id, 'fields'), EVERY_MS, show, (error) => fill(summary, error.message));

  function show(now) {
    grid.update(now.fields);
    const of = now.summary;
    const next = of.next_look === null ? '' : ', the next look is after ' + grouped(of.next_look);
    fill(summary, grouped(of.pairs) + ' pairs, ' + grouped(of.baseline_pairs) + ' with a second live answer' + next +
      (of.overflow ? '; ' + grouped(of.overflow) + ' differences found no room' : '') + (of.learning ? '; still learning' : '') + '.');
  }

  return {
    node,
    update(now, one) {
      top.update(one);
      told.tick();
    },
    ready: told.first,
    leave() { told.stop(); },
  };
}

function decision(row) {
  return row.ignored ? 'ignored by hand' : { different: '✕ different', undecided: '… undecided', noise: '≈ noise' }[row.decision] || words(row.decision);
}

function ignoring(id, row, done) {
  const pressed = button('Ignore', async () => {
    try {
      const line = await change('POST', pathOf(id, 'fields/ignore'), { path: row.path, kind: row.kind });
      say('Ignored until a restart. To keep it: ' + JSON.stringify(line.keep));
      done();
    } catch (error) {
      say(error.message, true);
    }
  }, 'small');
  pressed.setAttribute('aria-label', 'Ignore ' + row.kind + ' differences of ' + row.path);
  return { node: pressed, update: (now) => mark(pressed, 'unseen-place', now.ignored) };
}
