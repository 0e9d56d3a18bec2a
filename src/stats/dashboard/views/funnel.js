// Where the requests offered to a shadow went: what was sent, answered and compared, and every reason by which one was not.

import { element, fill } from '/page/elements.js';
import { head } from '/page/experiment.js';
import { table } from '/page/table.js';
import { NONE, grouped, share, sum, total, words } from '/page/words.js';

// Reasons by which a request that is wanted is left to chance; all others say that it is not wanted.
const OF_SAMPLE = ['not_sampled', 'holdout'];

export function funnel(id) {
  const top = head(id, 'funnel');
  const stages = table({
    caption: 'Stages',
    keyOf: (row) => row.name,
    className: 'stages',
    columns: [
      { name: 'Stage', head: true, text: (row) => row.name },
      { name: 'Requests', number: true, text: (row) => grouped(row.count) },
      { name: 'Share', number: true, text: (row) => (row.of ? share(row.count / row.of) : NONE) },
      { name: 'Part', className: 'bar-cell', make: bar },
    ],
  });
  const losses = table({
    caption: 'Reasons why a request was not copied, or a copy not answered',
    keyOf: (row) => row.group + '/' + row.reason,
    empty: 'Nothing was lost.',
    columns: [
      { name: 'Where', text: (row) => row.group },
      { name: 'Reason', head: true, text: (row) => words(row.reason) },
      { name: 'Requests', number: true, text: (row) => grouped(row.count) },
      { name: 'Of those offered', number: true, text: (row) => share(row.of ? row.count / row.of : null) },
    ],
  });
  const notCompared = table({
    caption: 'Reasons why a copy was not compared',
    keyOf: (row) => row.reason,
    empty: 'All were compared.',
    columns: [
      { name: 'Reason', head: true, text: (row) => row.reason },
      { name: 'Copies', number: true, text: (row) => grouped(row.count) },
      { name: 'Of all', number: true, text: (row) => share(row.of ? row.count / row.of : null) },
    ],
  });
  const ofThose = element('p', 'quiet');
  const comparing = element('section', '', element('h3', '', 'Not compared'), notCompared.frame, ofThose);
  const balance = element('p', 'quiet');
  const node = element('div', '', top.node, stages.frame, element('h3', '', 'Losses'), losses.frame, balance, comparing);

  function update(now, one) {
    top.update(one);
    if (!one) return;
    comparing.hidden = !one.comparison;
    const books = one.books;
    const compared = one.comparison ? total(one.comparison.verdicts) : 0;
    const rows = [
      ['offered', books.offered], ['matched', books.offered - total(books.skipped.filter(([reason]) => !OF_SAMPLE.includes(reason)))],
      ['sampled', books.offered - total(books.skipped)],
      ['sent', books.sent], ['answered', total(books.completed) + total(books.failed.filter(refused))],
      ...(one.comparison ? [['compared', compared]] : []),
    ];
    stages.update(rows.map(([name, count]) => ({ name, count, of: books.offered })));
    losses.update(lost(one));
    const pairs = one.comparison ? ofPairs(one.comparison) : [];
    notCompared.update(pairs.filter((row) => row.count > 0));
    fill(ofThose, pairs.length ? 'Of ' + grouped(sum(pairs.map((row) => row.count)) + compared) + ' copies, sent or to be sent, ' + grouped(compared) + ' were compared.' : '');
    const waiting = books.waiting + books.in_flight;
    const sent = total(books.completed) + total(books.failed) + books.abandoned + books.in_flight;
    const offered = books.sent + total(books.dropped) + total(books.skipped) + books.waiting;
    const balanced = sent === books.sent && offered === books.offered;
    fill(balance, (balanced ? '✓ the books balance' : '✕ the books do not balance') + ' · ' + grouped(waiting) + ' under way');
  }
  return { node, update, leave() {} };
}

// Every reason that occurred, in the order in which a request meets them.
function lost(one) {
  const { books } = one;
  const of = books.offered;
  const rows = [];
  const add = (group, entries) => entries.filter(([, count]) => count > 0).forEach(([reason, count]) => rows.push({ group, reason, count, of }));
  add('skipped on purpose', books.skipped);
  add('dropped by a limit', books.dropped);
  add('answered with an error', books.failed.filter(refused));
  add('sent, no answer', books.failed.filter((each) => !refused(each)));
  add('sent, given up', [['abandoned', books.abandoned]]);
  return rows;
}

// Why a copy was not compared: each copy is in one of these rows, or it was compared. One that was lost is in the table of
// losses, too.
function ofPairs(comparison) {
  const why = (reason, count) => ({ reason, count });
  return [
    why('not chosen: a share is compared', comparison.left_out),
    why('forgotten, since the comparison began anew', comparison.forgotten),
    why('not sent after all, or ended unseen', comparison.void - comparison.of_variants),
    why('a variant gave the live answer', comparison.of_variants),
    why('under way, or waiting to be compared', comparison.waiting),
    ...comparison.incomparable.map(([reason, count]) => why('not comparable: ' + words(reason), count)),
  ].map((row) => ({ ...row, of: comparison.left_out + comparison.forgotten + comparison.begun }));
}

// An answer came, with a status that says that the call failed. It can be compared all the same.
function refused([reason]) {
  return reason === 'status';
}

function bar() {
  const filled = element('span', 'filled');
  const node = element('span', 'bar', filled);
  node.setAttribute('aria-hidden', 'true');
  return {
    node,
    update(row) {
      filled.style.width = (row.of ? Math.min(100, (row.count / row.of) * 100) : 0).toFixed(1) + '%';
    },
  };
}
