// What holds for all experiments: the switch over all of them, the admin token, and who changed what.

import { change, follow, keepToken, token } from '/page/api.js';
import { button, element, enable, field, fill, heading, input, mark } from '/page/elements.js';
import { say } from '/page/notices.js';
import { table } from '/page/table.js';
import { moment, span, words } from '/page/words.js';

export const TITLE = 'Control';

// Makes a change, says what came of it; gives whether it was made.
export async function made(done, method, path, body) {
  try {
    await change(method, path, body);
    say(done);
    return true;
  } catch (error) {
    say(error.message, true);
    return false;
  }
}

// The view of its own.
export function switches() {
  const kill = killSwitch();
  const access = tokenForm();
  const log = audit();
  const node = element('div', '', heading(TITLE), kill.node, access.node, element('h3', '', 'Audit'), log.node);
  return {
    node,
    update(now) {
      kill.update(now);
      access.update(now);
      log.update(now);
    },
    ready: log.ready,
    leave() { log.leave(); },
  };
}

// Switches all experiments off, after a question, and on again.
export function killSwitch() {
  const state = element('p', 'kill-state');
  const reason = input('text', { maxlength: '200', autocomplete: 'off' });
  const dialog = element('dialog', 'confirm');
  const title = element('h3', '', 'Switch all shadows off?');
  title.id = 'confirm-title';
  dialog.setAttribute('aria-labelledby', title.id);
  const kill = button('Kill all shadows', async () => {
    dialog.close();
    await made('All shadows are switched off.', 'POST', '/__shadow/kill', { reason: reason.value });
  }, 'danger');
  const cancel = button('Cancel', () => dialog.close());
  dialog.append(title, element('p', '', 'Every copy under way ends at once and no more are made. Clients don’t notice.'),
    field('Reason, for the audit', reason), element('p', 'actions', kill, cancel));
  const ask = button('Kill all shadows …', () => {
    reason.value = '';
    dialog.showModal();
  }, 'danger');
  const revive = button('Revive', () => made('Shadows may copy again.', 'POST', '/__shadow/revive', {}));
  const node = element('section', 'panel', element('h3', '', 'All experiments'), state, element('p', 'actions', ask, revive), dialog);
  return {
    node,
    update(now) {
      const killed = now.experiments && now.experiments.killed;
      fill(state, killed ? 'Switched off by ' + killed.by + ' since ' + moment(killed.since) + (killed.kill_file ? ', and the kill file is there' : '') + '.' : 'Shadows may copy.');
      mark(state, 'bad', Boolean(killed));
      enable(ask, !killed);
      enable(revive, killed);
    },
  };
}

// Where the token is entered, if changes need one.
export function tokenForm() {
  const box = input('password', { autocomplete: 'off', minlength: '16', maxlength: '1024' });
  const state = element('p', 'quiet');
  const form = element('form', 'row', field('Admin token', box), element('button', '', 'Use it'), button('Forget it', () => {
    keepToken('');
    tell();
  }));
  const node = element('section', 'panel', element('h3', '', 'Who may change something'), state, form);
  let needed = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    keepToken(box.value.trim());
    box.value = '';
    tell();
  });
  form.hidden = true;

  function tell() {
    const known = token() ? 'This tab has a token; it is forgotten with the tab.' : 'Changes need the admin token, and this tab has none.';
    fill(state, needed ? known : 'No token is set: changes are taken from this page when it is opened on the gateway’s machine.');
    form.hidden = !needed;
  }

  return {
    node,
    update(now) {
      needed = Boolean(now.needs_token);
      tell();
    },
  };
}

// Who changed what, the latest first; of one experiment and all, or everything.
export function audit(id = null) {
  const grid = table({
    caption: 'Changes',
    keyOf: (row) => String(row.number),
    empty: 'Nobody has changed anything since the start.',
    columns: [
      { name: 'When', text: (row) => moment(row.at) },
      { name: 'Who', text: (row) => row.who },
      { name: 'Experiment', className: 'path', text: (row) => row.target || 'all' },
      { name: 'What', head: true, text: (row) => words(row.what) },
      { name: 'From', text: (row) => row.before || '–' },
      { name: 'To', text: (row) => row.after || '–' },
      { name: 'For', text: (row) => (row.lasts_seconds === null ? '–' : span(row.lasts_seconds)) },
      { name: 'Why', wide: true, text: (row) => row.reason || '–' },
    ],
  });
  const told = follow('/__shadow/audit', 1000, (now) => {
    const mine = now.changes.map((row, number) => ({ ...row, number: row.at + ' ' + number })).filter((row) => id === null || row.target === id || row.target === null);
    grid.update(mine.reverse());
  });
  return { node: grid.frame, update: () => told.tick(), ready: told.first, leave: () => told.stop() };
}
