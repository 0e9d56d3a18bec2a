// The fields in which answers differ: how often, how often by noise alone, and what is decided about them.

import { change, follow, pathOf } from '/page/api.js';
import { button, element, fill } from '/page/elements.js';
import { following, head } from '/page/experiment.js';
import { say } from '/page/notices.js';
import { table } from '/page/table.js';
import { grouped, moment, share, words } from '/page/words.js';

const EVERY_MS = 2000;

export function fields(id) {
  const top = head(id, 'fields');
  const summary = element('p', 'quiet', 'Asking for the fields …');
  const grid = table({
    caption: 'Fields that differ',
    // Places that are not shown may look the same.
    keyOf: (row) => row.id + ' ' + row.kind,
    empty: 'No field differs.',
    columns: [
      { name: 'Field', head: true, wide: true, className: 'path', text: (row) => row.path },
      { name: 'Kind', text: (row) => words(row.kind) },
      { name: 'Differs', number: true, text: (row) => grouped(row.raw) },
      { name: 'Raw rate', number: true, hint: 'Of the pairs, how many differ here', text: (row) => share(row.raw_rate) },
      { name: 'Noise', number: true, hint: 'Of the pairs of live answers, how many differ here', text: (row) => share(row.noise_rate) },
      { name: 'Only one differs', number: true, hint: 'Of the pairs with a second live answer: in how many only the shadow differs here from the live answer, and in how many only the second live answer does', text: (row) => grouped(row.c10) + ' : ' + grouped(row.c01) },
      { name: 'Decision', text: decision, marks: (row) => ({ bad: row.decision === 'different' && !row.ignored, quiet: row.ignored || row.decision === 'noise' }) },
      { name: 'First seen', text: (row) => moment(row.first_seen_ms) },
      { name: 'Last seen', text: (row) => moment(row.last_seen_ms) },
      { name: 'By hand', make: (row) => byHand(id, row, () => told.again()) },
    ],
  });
  const node = element('div', '', top.node, summary, grid.frame, grid.meanings);
  const told = follow(pathOf(id, 'fields'), EVERY_MS, show, (error) => fill(summary, error.message));

  function show(now) {
    grid.update(now.fields);
    const of = now.summary;
    const next = of.next_look === null ? '' : ', the next look is after ' + grouped(of.next_look);
    fill(summary, grouped(of.pairs) + ' pairs, ' + grouped(of.baseline_pairs) + ' with a second live answer' + next +
      (of.overflow ? '; ' + grouped(of.overflow) + ' differences found no room' : '') + (of.learning ? '; still learning' : '') + '.');
  }

  return following(node, top, told, summary, [grid.frame, grid.meanings]);
}

function decision(row) {
  return row.ignored ? 'ignored by hand' : { different: '✕ different', undecided: '… undecided', noise: '≈ noise' }[row.decision] || words(row.decision);
}

// Takes differences of a field for noise, or takes that back. The field is named by its ID, since its place may be a
// secret that is not shown.
function byHand(id, row, done) {
  let latest = row;
  const pressed = button('', async () => {
    const isIgnored = latest.ignored;
    try {
      const answer = await change('POST', pathOf(id, isIgnored ? 'fields/heed' : 'fields/ignore'), { id: row.id, kind: row.kind });
      say(isIgnored ? 'Counts again, as if nobody had said anything.' : 'Ignored until a restart. ' + kept(answer.keep));
      done();
    } catch (error) {
      say(error.message, true);
    }
  }, 'small');

  function update(now) {
    latest = now;
    const verb = now.ignored ? 'Heed' : 'Ignore';
    fill(pressed, verb);
    const label = verb + ' ' + words(row.kind) + ' differences of ' + row.path;
    if (pressed.getAttribute('aria-label') !== label) pressed.setAttribute('aria-label', label);
  }
  update(row);
  return { node: pressed, update };
}

function kept(line) {
  return line ? 'To keep it: ' + JSON.stringify(line) : 'Its place is not shown, so the line that keeps it is not either.';
}
