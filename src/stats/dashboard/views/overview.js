// All experiments at a glance: one row each, so many at a time, or those that something is looked for in.
//
// The first ones come with the events; others are asked for.

import { follow } from '/page/api.js';
import { button, element, enable, facts, field, fill, heading, input } from '/page/elements.js';
import { compared, loss, matched, nameOf, overhead, place, rate, slower, verdict } from '/page/experiment.js';
import { noteOne, sentRate } from '/page/history.js';
import { table } from '/page/table.js';
import { NONE, bytes, difference, grouped, perSecond, share, short, span, sum, words } from '/page/words.js';

export const TITLE = 'Overview';

// From this share on, errors are red: a page that always cries is not heard.
const ALARMING = 0.01;
// So many rows are shown at once.
const ROWS = 100;
// With no more than this nobody has to look for one.
const FEW = 10;
// How often rows are asked for that don't come with the events.
const EVERY_MS = 1000;

// What the reader looks at, so that the way back from an experiment leads there.
const wanted = { find: '', skip: 0 };

export function overview() {
  const totals = facts(['Requests', 'Errors', 'In flight', 'Mirrored', 'No route', 'Memory', 'Up']);
  const experiments = table({
    caption: 'Experiments',
    keyOf: (one) => one.id,
    empty: () => (wanted.find.trim() ? 'No experiment has this in its name, its call or its hosts.' : 'The file has no shadows: there is nothing to compare. Endpoints has the figures of the gateway.'),
    className: 'overview',
    columns: [
      { name: 'Experiment', head: true, wide: true, text: nameOf, href: (one) => place(one.id, 'funnel') },
      { name: 'State', text: (one) => words(one.state), marks: (one) => ({ bad: one.state === 'killed' || Boolean(one.stopped), quiet: one.state !== 'running' }) },
      { name: 'Rate', number: true, text: rate },
      { name: 'Sent', number: true, hint: 'Copies sent a second, in the last ten', text: (one) => sent(one) },
      { name: 'Compared', number: true, hint: 'Of the copies, the share whose answers are compared', text: compared },
      { name: 'Loss', number: true, hint: 'Copies that were wanted and were dropped or given up', text: (one) => share(loss(one)), marks: (one) => ({ bad: loss(one) >= ALARMING }) },
      { name: 'Match', number: true, hint: 'Compared pairs in which nothing differs that counts', text: (one) => share(matched(one)), marks: (one) => ({ bad: matched(one) !== null && matched(one) < 1 - ALARMING }) },
      { name: 'Δp99', number: true, hint: '99 of 100 shadow answers were slower by no more than this than the live answer to the same request', text: (one) => difference(slower(one)) },
      { name: 'Overhead p99', number: true, hint: 'By how much live replies are slower with the shadow than without it, 95 times of 100', text: overhead },
      { name: 'Verdict', text: (one) => verdict(one.verdict), href: (one) => place(one.id, 'readiness'), marks: (one) => ({ good: one.verdict === 'ready', bad: one.verdict === 'not_ready' }) },
    ],
  });
  const pages = pager(turn);
  const asked = follow(
    () => '/__overview?find=' + encodeURIComponent(wanted.find) + '&skip=' + wanted.skip + '&limit=' + ROWS, EVERY_MS,
    (answer) => { if (answer.experiments) showAsked(answer.experiments); }, (error) => pages.say(error.message),
  );
  const node = element('div', '', heading(TITLE), totals.list, element('div', 'title-line', element('h3', '', 'Experiments'), pages.node), experiments.frame, experiments.meanings);
  let latest = null;

  function show(shadows, found) {
    if (wanted.skip > 0 && wanted.skip >= found) {
      // There are fewer than before.
      wanted.skip = Math.max(0, Math.ceil(found / ROWS) - 1) * ROWS;
      asked.again();
      return;
    }
    experiments.update(shadows);
    pages.update(shadows.length, found, latest.experiments ? latest.experiments.all : 0);
  }

  // Events don't tell of all of these, and what is sent a second can only be said of what was told before.
  function showAsked({ shadows, found }) {
    const told = new Set(latest.experiments ? latest.experiments.shadows.map((one) => one.id) : []);
    shadows.filter((one) => !told.has(one.id)).forEach((one) => noteOne(one));
    show(shadows, found);
  }

  function turn() {
    if (latest && latest.experiments && !showTold(latest.experiments)) asked.again();
  }

  // Shows what came with an event, if it has what is wanted.
  function showTold({ shadows, found }) {
    const has = !wanted.find.trim() && (wanted.skip + ROWS <= shadows.length || found <= shadows.length);
    if (has) show(shadows.slice(wanted.skip, wanted.skip + ROWS), found);
    return has;
  }

  function update(now) {
    const all = now.totals;
    const errors = all.recent_rate ? all.recent_errors_rate / all.recent_rate : 0;
    totals.update([
      perSecond(all.recent_rate), all.recent_rate ? share(errors) : NONE, grouped(all.in_flight), perSecond(all.recent_mirrored_rate),
      short(sum(Object.values(now.unrouted))), bytes(now.process.resident_bytes), span(now.uptime_seconds),
    ]);
    totals.mark(1, 'bad', errors >= ALARMING);
    latest = now;
    if (!showTold(now.experiments || { shadows: [], found: 0 })) asked.tick();
  }

  return { node, update, ready: wanted.find.trim() || wanted.skip ? asked.first : null, leave() { asked.stop(); } };
}

function sent(one) {
  const rate = sentRate(one.id);
  return rate === null ? NONE : perSecond(rate);
}

// Where it is said which experiments are looked for and which of them are shown.
function pager(turn) {
  const box = input('search', { maxlength: '200', autocomplete: 'off', spellcheck: 'false' });
  box.value = wanted.find;
  const form = element('form', '', field('Find', box));
  form.setAttribute('role', 'search');
  const position = element('span', 'quiet');
  position.setAttribute('role', 'status');
  const go = (rows) => () => {
    wanted.skip = Math.max(0, wanted.skip + rows);
    turn();
  };
  const previous = button('Previous', go(-ROWS), 'small');
  const next = button('Next', go(ROWS), 'small');
  box.addEventListener('input', () => {
    wanted.find = box.value;
    wanted.skip = 0;
    turn();
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  form.hidden = previous.hidden = next.hidden = true;
  return {
    node: element('div', 'pages', form, position, previous, next),
    say(text) { fill(position, text); },
    update(shown, found, all) {
      form.hidden = all <= FEW && !wanted.find;
      previous.hidden = next.hidden = all <= ROWS;
      enable(previous, wanted.skip > 0);
      enable(next, wanted.skip + shown < found);
      const rows = found > ROWS ? grouped(wanted.skip + 1) + '–' + grouped(wanted.skip + shown) + ' of ' + grouped(found) : grouped(found) + ' of ' + grouped(all);
      fill(position, found > ROWS || wanted.find ? rows : '');
    },
  };
}
