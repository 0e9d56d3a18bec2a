// The page: the stream feeds the views, the address says which one is shown.

import { follow } from '/page/api.js';
import { fill, link, mark } from '/page/elements.js';
import { VIEWS } from '/page/experiment.js';
import { note, noteOne } from '/page/history.js';
import { listen } from '/page/stream.js';
import { TITLE as CONFIGURATION, configuration } from '/page/views/configuration.js';
import { TITLE as CANARIES, canaries } from '/page/views/canaries.js';
import { clusters } from '/page/views/clusters.js';
import { control } from '/page/views/control.js';
import { TITLE as ENDPOINTS, endpoints } from '/page/views/endpoints.js';
import { fields } from '/page/views/fields.js';
import { funnel } from '/page/views/funnel.js';
import { latency } from '/page/views/latency.js';
import { TITLE as OVERVIEW, overview } from '/page/views/overview.js';
import { readiness } from '/page/views/readiness.js';
import { safety } from '/page/views/safety.js';
import { TITLE as CONTROL, switches } from '/page/views/switches.js';
import { moment } from '/page/words.js';

const SECTIONS = { overview: [OVERVIEW, overview], endpoints: [ENDPOINTS, endpoints], canaries: [CANARIES, canaries], control: [CONTROL, switches], configuration: [CONFIGURATION, configuration] };
const OF_ONE = { funnel, latency, fields, clusters, safety, control, readiness };

const content = document.getElementById('content');
const status = document.getElementById('status');
const age = document.getElementById('age');
const version = document.getElementById('version');
const killed = document.getElementById('killed');
const sections = document.getElementById('sections');

const links = Object.entries(SECTIONS).map(([name, [title]]) => {
  const made = link('#/' + name, title);
  sections.append(made);
  return [name, made];
});

// How long the former view stays while the next one asks for what it shows, so that nothing jumps.
const READY_MS = 1500;
// How often an experiment is asked for that events don't tell of.
const ASKED_EVERY_MS = 900;

let shown = null;
let latest = null;
let turn = 0;

// '#/experiment/ID/VIEW' or '#/SECTION'; whatever else is the overview.
function route() {
  const parts = location.hash.replace(/^#\/?/, '').split('/');
  if (parts[0] === 'experiment' && parts[1]) {
    const view = VIEWS.includes(parts[2]) ? parts[2] : 'funnel';
    let id = parts[1];
    try {
      id = decodeURIComponent(id);
    } catch {
      // Somebody typed it; there is no such experiment.
    }
    return { name: 'experiment', title: id + ' · ' + view, id, make: () => OF_ONE[view](id) };
  }
  const name = Object.hasOwn(SECTIONS, parts[0]) ? parts[0] : 'overview';
  const [title, make] = SECTIONS[name];
  return { name, title, id: null, make };
}

async function show(isFirst) {
  const mine = turn += 1;
  const next = route();
  if (shown) leave();
  shown = { ...next, view: next.make(), row: undefined, isAsked: false };
  if (next.id !== null) shown.asked = asking(shown);
  if (latest) update();
  document.title = next.title + ' · Gnomon';
  for (const [name, made] of links) {
    if (name === next.name) made.setAttribute('aria-current', 'page');
    else made.removeAttribute('aria-current');
  }
  const ready = [shown.view.ready, shown.isAsked ? shown.asked.first : null].filter(Boolean);
  if (ready.length && latest) await Promise.race([Promise.all(ready), new Promise((done) => { setTimeout(done, READY_MS); })]);
  // Somebody has gone on in the meantime.
  if (mine !== turn) return;
  content.replaceChildren(shown.view.node);
  if (latest) update();
  if (isFirst) return;
  scrollTo({ top: 0 });
  // So that those who hear the page know that it is another one, and go on from its beginning.
  const title = content.querySelector('.view-title');
  if (title) title.focus({ preventScroll: true });
}

function leave() {
  shown.view.leave();
  if (shown.asked) shown.asked.stop();
}

function update() {
  shown.view.update(latest, shown.id === null ? null : one());
}

// The experiment that is shown. An event tells of the first ones only, and any other one is asked for: undefined until
// an answer came, null where there is no such experiment.
function one() {
  const { shadows, found } = latest.experiments || { shadows: [], found: 0 };
  const told = shadows.find((each) => each.id === shown.id);
  if (told || found <= shadows.length) return told || null;
  shown.isAsked = true;
  shown.asked.tick();
  return shown.row;
}

function asking(mine) {
  return follow('/__overview?id=' + encodeURIComponent(mine.id), ASKED_EVERY_MS, ({ experiments }) => {
    [mine.row = null] = experiments ? experiments.shadows : [];
    if (mine.row) noteOne(mine.row);
    if (shown === mine) update();
  });
}

function heard(snapshot) {
  latest = snapshot;
  note(snapshot);
  fill(version, snapshot.version);
  const off = snapshot.experiments && snapshot.experiments.killed;
  killed.hidden = !off;
  fill(killed, off ? 'All shadows are switched off by ' + off.by + ' since ' + moment(off.since) : '');
  update();
}

// What the states of the stream are called.
const SAID = {
  connected: 'connected', stale: 'stale: no figures come', lost: 'connection lost, retrying', connecting: 'connecting',
  full: 'too many pages are open, retrying',
};

let said = '';

// Said when it changes, and not each second: it is read out.
function told(state, seconds) {
  document.body.dataset.stream = state;
  const text = SAID[state];
  if (said !== text) fill(status, text);
  said = text;
  const isOld = state !== 'connected' && state !== 'connecting';
  fill(age, isOld && seconds > 0 ? 'figures are ' + seconds + ' s old' : '');
  mark(content, 'old', isOld);
}

// To the content of the view that is shown; as an address it would lead to another view.
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  content.focus();
});
addEventListener('hashchange', () => show(false));
show(true);
listen(heard, told);
