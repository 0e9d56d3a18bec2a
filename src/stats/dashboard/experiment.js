// What all views of one experiment share: how it is called, what its figures come to, and the way from view to view.

import { element, fill, heading, link, mark } from '/page/elements.js';
import { NONE, difference, share, total, words } from '/page/words.js';

export const VIEWS = ['funnel', 'latency', 'fields', 'clusters', 'safety', 'control', 'readiness'];

export function nameOf(one) {
  return one.method + ' ' + one.endpoint;
}

// Where a view of an experiment is.
export function place(id, view) {
  return '#/experiment/' + encodeURIComponent(id) + '/' + view;
}

// What was found by comparing answers, below the head of a view: `told` follows it and is asked only while there is
// something to ask for; else `note` says why there is nothing, and `results` are not shown.
export function findings(told, note, results) {
  let isNone = false;
  let isOver = () => {};
  const none = new Promise((done) => { isOver = done; });
  return {
    // Once there is something to show, or known that there is nothing.
    ready: Promise.race([told.first, none]),
    update(one) {
      // Nothing is known of it yet.
      if (one === undefined) return;
      const why = missing(one);
      if (Boolean(why) !== isNone) {
        isNone = Boolean(why);
        results.forEach((node) => { node.hidden = isNone; });
        fill(note, 'Asking …');
      }
      if (!why) {
        told.tick();
        return;
      }
      fill(note, why);
      isOver();
    },
  };
}

function missing(one) {
  if (!one) return 'There is nothing to show.';
  return one.compared ? '' : 'Its answers are not compared: its policy has no “compare”.';
}

// A view of an experiment that shows nothing but what was found, below its head.
export function following(node, top, told, note, results) {
  const found = findings(told, note, results);
  return {
    node,
    update(now, one) {
      top.update(one);
      found.update(one);
    },
    ready: found.ready,
    leave() { told.stop(); },
  };
}

// The share of the copies that were wanted and came to nothing for want of room, time or permission.
export function loss(one) {
  const wanted = one.books.offered - total(one.books.skipped);
  return wanted > 0 ? (total(one.books.dropped) + one.books.abandoned) / wanted : null;
}

// The share of the compared pairs in which nothing differs that counts.
export function matched(one) {
  const verdicts = one.comparison ? Object.fromEntries(one.comparison.verdicts) : {};
  const compared = one.comparison ? total(one.comparison.verdicts) : 0;
  return compared > 0 ? 1 - (verdicts.mismatch || 0) / compared : null;
}

// By how much 99 of 100 shadow answers were slower at most than the live ones of the same requests, in milliseconds.
export function slower(one) {
  const spread = one.comparison && (one.comparison.slower_than_baseline || one.comparison.slower_than_live);
  return spread ? spread.p99 * 1000 : null;
}

export function overhead(one) {
  const found = one.overhead && one.overhead.p99;
  if (!found) return NONE;
  const interval = found.interval ? ' (' + found.interval.map(difference).join(' … ') + ')' : ' (too few to tell)';
  return difference(found.difference) + interval;
}

export function verdict(label) {
  return { ready: '✓ ready', not_ready: '✕ not ready', not_enough_data: '… not enough data' }[label] || words(label);
}

// The share of the copies whose answers are compared, where any are.
export function compared(one) {
  return share(one.compare_sample);
}

export function rate(one) {
  return share(one.rate) + (one.max_rps === null ? '' : ', ≤ ' + one.max_rps + ' /s');
}

// The head of a view of one experiment: its name, its state, and links to the other views.
export function head(id, view) {
  const title = heading(id);
  const state = element('span', 'state');
  const why = element('span', 'quiet');
  const found = element('span', 'verdict');
  const tabs = VIEWS.map((name) => {
    const tab = link(place(id, name), name);
    if (name === view) tab.setAttribute('aria-current', 'page');
    return tab;
  });
  const nav = element('nav', 'tabs', ...tabs);
  nav.setAttribute('aria-label', 'Views of this experiment');
  const line = element('p', 'standing', state, why, found);
  const node = element('div', 'experiment-head', title, line, nav);
  const judge = (label) => {
    fill(found, label === null ? '' : verdict(label));
    mark(found, 'good', label === 'ready');
    mark(found, 'bad', label === 'not_ready');
  };
  return {
    node,
    update(one) {
      // Of an experiment that events don't tell of, nothing is known until it was asked for.
      if (one === undefined) return;
      if (!one) {
        fill(state, 'gone');
        mark(state, 'bad', false);
        fill(why, 'the configuration has no such experiment any more');
        judge(null);
        return;
      }
      fill(title, nameOf(one) + ' → ' + one.backend);
      fill(state, words(one.state));
      mark(state, 'bad', one.state === 'killed' || Boolean(one.stopped));
      fill(why, one.why);
      judge(one.verdict);
    },
  };
}
