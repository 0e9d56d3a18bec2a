// Canaries: the parts of live backends' calls that others answer, how they do beside the base, and how much they take.

import { follow, splitPath } from '/page/api.js';
import { button, element, enable, field, fill, heading, input } from '/page/elements.js';
import { table } from '/page/table.js';
import { made } from '/page/views/switches.js';
import { NONE, duration, grouped, share, span } from '/page/words.js';

export const TITLE = 'Canaries';

const EVERY_MS = 1000;
// From this share on, failures are red.
const ALARMING = 0.01;

export function canaries() {
  const seen = (row, name) => (row.recent.requests ? duration(row.recent[name]) : NONE);
  const grid = table({
    caption: 'Splits and their parts',
    keyOf: (row) => row.key,
    empty: 'The file splits no live backend: every call goes where it always went.',
    columns: [
      { name: 'Split', head: true, className: 'path', text: (row) => row.split },
      { name: 'Part', className: 'word', text: (row) => row.variant },
      { name: 'Backend', wide: true, className: 'path', text: (row) => row.backend },
      { name: 'State', className: 'word', text: (row) => row.state, marks: (row) => ({ bad: row.state === 'stopped', quiet: row.state === 'base' }) },
      { name: 'Share', number: true, text: (row) => share(row.rate) },
      { name: 'Calls', number: true, hint: 'Calls that ended lately', text: (row) => grouped(row.recent.requests) },
      { name: 'Failed', number: true, text: (row) => (row.recent.requests ? share(row.recent.failed_share) : NONE), marks: (row) => ({ bad: row.recent.failed_share >= ALARMING }) },
      { name: 'p50', number: true, text: (row) => seen(row, 'p50_ms') },
      { name: 'p99', number: true, text: (row) => seen(row, 'p99_ms') },
      { name: 'Why', className: 'why', text: (row) => row.why + ends(row.wish) },
      { name: 'By hand', make: (row) => byHand(row, () => told.again()) },
    ],
  });
  const note = element('p', 'quiet');
  const form = shareForm(() => told.again());
  const node = element('div', '', heading(TITLE), note, grid.frame, grid.meanings, form.node);
  const told = follow('/__split', EVERY_MS, show, (error) => fill(note, error.message));

  function show({ splits }) {
    const parts = splits.flatMap((split) => split.parts.map((part) => ({ ...part, split: split.id, key: split.id + ' ' + part.variant })));
    fill(note, parts.length ? 'Clients get these answers. What is stopped sends them to the base at once.' : '');
    grid.update(parts);
    form.update(parts.filter((part) => part.state !== 'base'));
  }

  return { node, update() { told.tick(); }, ready: told.first, leave() { told.stop(); } };
}

function ends(wish) {
  return wish && wish.seconds_left !== null ? ', ends in ' + span(wish.seconds_left) : '';
}

// Stopping a variant, and following the file again; nothing for the base.
function byHand(row, done) {
  const act = (text, said, verb) => {
    const pressed = button(text, async () => {
      await made(said, 'POST', splitPath(row.split, verb), { variant: row.variant });
      done();
    }, 'small');
    pressed.setAttribute('aria-label', text + ' ' + row.variant + ' of ' + row.split);
    return pressed;
  };
  const stop = act('Stop', 'Stopped: the base has its calls.', 'stop');
  const reset = act('Follow the file', 'The file holds again.', 'reset');
  const node = element('span', 'buttons', ...(row.state === 'base' ? [] : [stop, reset]));
  return {
    node,
    update(now) {
      enable(stop, now.state !== 'stopped');
      enable(reset, now.wish);
    },
  };
}

// Another share for one variant, for a while.
function shareForm(done) {
  const which = element('select');
  const percent = input('number', { min: '0', max: '100', step: 'any', required: '', inputmode: 'decimal' });
  const lasts = input('text', { value: '15m', size: '6', required: '', autocomplete: 'off', spellcheck: 'false' });
  const reason = input('text', { maxlength: '200', autocomplete: 'off' });
  const form = element('form', 'row', field('Variant', which), field('Its share, %', percent), field('For how long', lasts), field('Reason, for the audit', reason), element('button', 'primary', 'Apply'));
  const node = element('section', 'panel', element('h3', '', 'Another share'), form);
  let held = '';
  let parts = [];
  node.hidden = true;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const part = parts[which.selectedIndex];
    if (!part) return;
    const body = { rate: Number(percent.value) / 100, variant: part.variant, ttl: lasts.value.trim(), reason: reason.value };
    await made('Changed to ' + percent.value + ' % for ' + body.ttl + '.', 'PATCH', splitPath(part.split), body);
    done();
  });
  return {
    node,
    update(now) {
      const names = JSON.stringify(now.map((part) => part.key));
      parts = now;
      node.hidden = now.length === 0;
      if (names === held) return;
      held = names;
      which.replaceChildren(...now.map((part) => new Option(part.variant + ' of ' + part.split)));
    },
  };
}
