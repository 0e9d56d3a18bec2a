// The configuration as it was understood: the plan that is served, and what there is to say about its file.

import { Refusal, change, read, token } from '/page/api.js';
import { button, element, fill, heading } from '/page/elements.js';
import { say } from '/page/notices.js';
import { table } from '/page/table.js';
import { grouped, moment, words } from '/page/words.js';

export const TITLE = 'Configuration';

// How long after a failure it is asked again.
const RETRY_MS = 5000;

export function configuration() {
  const about = element('p', 'quiet', 'Asking for the plan …');
  const settings = table({
    caption: 'Settings',
    keyOf: (row) => row[0],
    columns: [{ name: 'Setting', head: true, text: (row) => row[0] }, { name: 'Value', className: 'path', text: (row) => row[1] }],
  });
  const routes = table({
    caption: 'Compiled routes',
    keyOf: (row) => row.method + ' ' + row.path,
    empty: 'The file has no endpoints.',
    columns: [
      { name: 'Endpoint', head: true, className: 'path', text: (row) => row.method + ' ' + row.path },
      { name: 'Timeout', number: true, text: (row) => row.timeout },
      { name: 'Flow', text: (row) => row.flow },
      { name: 'Encoding', text: (row) => row.encoding },
      { name: 'Live', className: 'path lines', text: (row) => row.live.join('\n') || '–' },
      { name: 'Shadows', className: 'path lines', text: (row) => row.shadows.join('\n') || '–' },
    ],
  });
  const findings = table({
    caption: 'Warnings about the file',
    keyOf: (row) => [row.pointer, row.line, row.message].join(' '),
    empty: 'Nothing to say about the file.',
    columns: [
      { name: 'How bad', text: (row) => row.severity, marks: (row) => ({ bad: row.severity === 'error' }) },
      { name: 'Where', head: true, className: 'path', text: where },
      { name: 'What', wide: true, text: (row) => row.message },
      { name: 'Instead', wide: true, text: (row) => row.hint || '–' },
    ],
  });
  const found = element('p', 'quiet', 'Asking for warnings …');
  const again = button('Load the file again', async () => {
    try {
      const report = await change('POST', '/__reload');
      say('The file was loaded: ' + words(report.result));
      begin();
    } catch (error) {
      say(error.message, true);
    }
  });
  const node = element('div', '', heading(TITLE), about, element('p', 'actions', again), element('h3', '', 'Warnings'), found, findings.frame,
    element('h3', '', 'Routes'), routes.frame, element('h3', '', 'Settings'), settings.frame);
  let latest = null;
  let generation = 0;
  let turn = 0;
  let retry = 0;
  let isReady = () => {};
  const ready = new Promise((done) => { isReady = done; });

  // Read anew whenever another plan is served.
  async function ask({ reloads, needs_token: needsToken }) {
    const mine = turn += 1;
    const failures = [];
    const attempt = async (line, part) => {
      try {
        await part(() => mine === turn);
      } catch (error) {
        if (mine !== turn) return;
        fill(line, error.message);
        failures.push(error);
      }
    };
    await attempt(about, (isMine) => plan(isMine, reloads));
    await attempt(found, (isMine) => warnings(isMine, needsToken));
    isReady();
    // Who is refused is refused again.
    if (mine === turn && failures.some((error) => !(error instanceof Refusal) || error.status >= 500)) retry = setTimeout(begin, RETRY_MS);
  }

  async function plan(isMine, reloads) {
    const now = await read('/__plan');
    if (!isMine()) return;
    settings.update(now.settings);
    routes.update(now.routes);
    const last = reloads.last_at ? ' · last load ' + moment(reloads.last_at * 1000) + ': ' + words(reloads.last_result) : '';
    fill(about, (now.name || 'no name') + ' · configuration ' + now.generation + ' since the start · ' + grouped(now.routes.length) + ' endpoints' + last);
  }

  async function warnings(isMine, needsToken) {
    if (needsToken && !token()) {
      findings.frame.hidden = true;
      fill(found, 'Warnings may quote the file: they need the admin token, which Control takes.');
      return;
    }
    const all = (await read('/__plan/findings')).findings;
    if (!isMine()) return;
    findings.frame.hidden = false;
    findings.update(all || []);
    fill(found, all ? 'What loading the file now says.' : 'This gateway has no file to look at.');
  }

  function begin() {
    clearTimeout(retry);
    if (!latest) return;
    generation = latest.reloads.generation;
    ask(latest);
  }

  return {
    node,
    update(now) {
      latest = now;
      if (now.reloads.generation !== generation) begin();
    },
    ready,
    leave() {
      turn += 1;
      clearTimeout(retry);
    },
  };
}

function where(row) {
  const place = row.line ? ':' + row.line + ':' + row.column : '';
  return row.file + place + ' ' + row.pointer;
}
