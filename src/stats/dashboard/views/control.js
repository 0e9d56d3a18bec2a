// The controls of one experiment: how much is copied and for how long, pause, dry run, ramp, stop rules, kill, audit.

import { pathOf } from '/page/api.js';
import { button, element, enable, facts, field, fill, input, mark } from '/page/elements.js';
import { compared, head } from '/page/experiment.js';
import { table } from '/page/table.js';
import { audit, killSwitch, made, tokenForm } from '/page/views/switches.js';
import { NONE, grouped, moment, share, span, words } from '/page/words.js';

export function control(id) {
  const top = head(id, 'control');
  const now = facts(['Rate', 'Limit', 'Compared', 'The file says', 'Ends', 'Ramp']);
  const rate = rateForm(id);
  const timers = timersOf(id);
  const acts = actions(id);
  const ramp = element('p', 'quiet');
  const rules = table({
    caption: 'Stop rules',
    keyOf: (row) => row.rule,
    empty: 'Its policy has no stop rules, or they were not measured yet.',
    columns: [
      { name: 'Rule', head: true, text: (row) => words(row.rule) },
      { name: 'Measured', number: true, text: (row) => number(row.measured) },
      { name: 'Limit', number: true, text: (row) => number(row.limit) },
      { name: 'Broken', text: (row) => (row.broken ? '✕ yes' : 'no'), marks: (row) => ({ bad: row.broken }) },
    ],
  });
  const kill = killSwitch();
  const access = tokenForm();
  const log = audit(id);
  const node = element('div', '', top.node, now.list, ramp, timers.node,
    element('div', 'panels', rate.node, acts.node, kill.node, access.node),
    element('h3', '', 'Stop rules'), rules.frame, element('h3', '', 'Audit'), log.node);

  return {
    node,
    update(snapshot, one) {
      top.update(one);
      kill.update(snapshot);
      access.update(snapshot);
      log.update();
      if (!one) return;
      const base = one.base;
      now.update([
        share(one.rate), one.max_rps === null ? 'none' : one.max_rps + ' /s', compared(one) + (base.compare_sample === one.compare_sample ? '' : ' (the file: ' + share(base.compare_sample) + ')'),
        (base.ramp ? 'a ramp' : share(base.rate)) + (base.max_rps === null ? '' : ', ≤ ' + base.max_rps + ' /s'),
        base.until ? moment(base.until) : 'never', one.ramp ? one.ramp.step + ' of ' + one.ramp.steps : 'none',
      ]);
      fill(ramp, one.ramp ? rampOf(one.ramp) : '');
      rate.update(one);
      timers.update(one);
      acts.update(one);
      rules.update(one.rules);
    },
    ready: log.ready,
    leave() {
      log.leave();
      timers.leave();
    },
  };
}

function number(value) {
  return typeof value === 'number' ? String(Number(value.toPrecision(3))) : NONE;
}

function rampOf(ramp) {
  const pairs = ramp.min_pairs === null ? '' : ', ' + grouped(ramp.pairs) + ' of ' + grouped(ramp.min_pairs) + ' pairs in it';
  const next = ramp.next_at ? ', the next is due ' + moment(ramp.next_at) : ', the last one';
  return 'Ramp: step ' + ramp.step + ' of ' + ramp.steps + pairs + next + (ramp.held ? '; held back by stop rules' : '') + '.';
}

// The slider with its number, the limit, and how long both last.
function rateForm(id) {
  const slider = input('range', { min: '0', max: '100', step: '1' });
  // An empty field is no share, and not the share of nothing.
  const exact = input('number', { min: '0', max: '100', step: 'any', required: '', inputmode: 'decimal' });
  const limit = input('number', { min: '0', step: 'any', placeholder: 'no change' });
  const sample = input('number', { min: '0', max: '100', step: 'any', inputmode: 'decimal', placeholder: 'no change' });
  const lasts = input('text', { value: '15m', size: '6', autocomplete: 'off', spellcheck: 'false' });
  const stays = input('checkbox');
  const reason = input('text', { maxlength: '200', autocomplete: 'off' });
  const form = element('form', 'rate-form', field('Share to copy, %', slider), field('Exactly, %', exact), field('Copies a second at most', limit),
    field('Share of them to compare, %', sample), field('For how long', lasts, 'like 90s, 15m or 8h; then the file holds again'), field('Until a restart', stays), field('Reason, for the audit', reason), element('button', 'primary', 'Apply'));
  let isTouched = false;
  const touch = (from, to) => () => {
    isTouched = true;
    if (from.value === '') return;
    to.value = from.value;
    slider.setAttribute('aria-valuetext', exact.value + ' percent');
  };
  slider.addEventListener('input', touch(slider, exact));
  exact.addEventListener('input', touch(exact, slider));
  stays.addEventListener('change', () => { lasts.disabled = stays.checked; });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const body = { reason: reason.value };
    if (limit.value) body.max_rps = Number(limit.value);
    if (sample.value) body.compare = { sample: Number(sample.value) / 100 };
    if (isTouched || !(limit.value || sample.value)) body.rate = Number(exact.value) / 100;
    if (stays.checked) body.sticky = true;
    else body.ttl = lasts.value.trim();
    if (!await made('Changed' + (stays.checked ? ' until a restart.' : ' for ' + body.ttl + '.'), 'PATCH', pathOf(id), body)) return;
    isTouched = false;
    limit.value = sample.value = '';
  });
  return {
    node: element('section', 'panel', element('h3', '', 'How much'), form),
    update(one) {
      sample.disabled = !one.compared;
      // What the reader is about to choose is theirs until it is applied.
      if (isTouched) return;
      const percent = String(Number((one.rate * 100).toPrecision(6)));
      if (exact.value === percent) return;
      slider.value = exact.value = percent;
      slider.setAttribute('aria-valuetext', percent + ' percent');
    },
  };
}

// What was asked for and ends by itself, counted down.
function timersOf(id) {
  const list = element('ul', 'timers');
  const reset = button('Back to what the file says', () => made('The file holds again.', 'POST', pathOf(id, 'reset'), {}), 'small');
  const node = element('div', 'timers-line', list, reset);
  const names = { rate: 'rate', max_rps: 'limit', compare_sample: 'compared', dry_run: 'dry run', pause: 'pause' };
  let held = [];
  let at = performance.now();

  function show() {
    const passed = (performance.now() - at) / 1000;
    const texts = held.map(([name, one]) => names[name] + ' ' + valueOf(name, one.value) +
      (one.seconds_left === null ? ', until a restart' : ', ends in ' + span(Math.max(0, one.seconds_left - passed))));
    while (list.children.length > texts.length) list.lastChild.remove();
    while (list.children.length < texts.length) list.append(element('li'));
    texts.forEach((text, number_) => fill(list.children[number_], text));
    if (!texts.length) list.replaceChildren(element('li', 'quiet', 'Nothing is changed for a while.'));
    enable(reset, texts.length > 0);
  }

  const timer = setInterval(show, 1000);
  return {
    node,
    update(one) {
      held = Object.entries(one.overrides);
      at = performance.now();
      show();
    },
    leave() { clearInterval(timer); },
  };
}

function valueOf(name, value) {
  if (name === 'rate' || name === 'compare_sample') return share(value);
  if (name === 'pause') return 'by ' + value;
  return value === null ? 'none' : String(value);
}

function actions(id) {
  const act = (text, done, verb, body = {}) => button(text, () => made(done, 'POST', pathOf(id, verb), body));
  const pause = act('Pause', 'Paused for an hour.', 'pause');
  const resume = act('Resume', 'Resumed.', 'resume');
  const dry = act('Dry run', 'A dry run for an hour.', 'dry-run', { on: true });
  const wet = act('End dry run', 'Copies are sent again.', 'dry-run', { on: false });
  const restart = act('Begin the comparison anew', 'The comparison begins anew.', 'restart');
  const state = element('p', 'quiet');
  const node = element('section', 'panel', element('h3', '', 'Whether'), state, element('p', 'actions', pause, resume, dry, wet, restart));
  return {
    node,
    update(one) {
      fill(state, words(one.state) + ': ' + one.why);
      mark(state, 'bad', Boolean(one.stopped));
      enable(pause, one.state !== 'paused');
      enable(resume, one.state === 'paused');
      enable(dry, !one.dry_run);
      enable(wet, one.dry_run);
      enable(restart, one.compared);
    },
  };
}
