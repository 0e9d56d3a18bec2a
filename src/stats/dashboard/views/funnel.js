// Where the requests offered to a shadow went: what was sent and answered, and every reason by which one was lost.

import { element, fill } from '/page/elements.js';
import { head } from '/page/experiment.js';
import { table } from '/page/table.js';
import { NONE, grouped, share, total, words } from '/page/words.js';

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
  const balance = element('p', 'quiet');
  const node = element('div', '', top.node, stages.frame, element('h3', '', 'Losses'), losses.frame, balance);

  function update(now, one) {
    top.update(one);
    if (!one) return;
    const books = one.books;
    const compared = one.comparison ? total(one.comparison.verdicts) : 0;
    const rows = [
      ['offered', books.offered], ['not skipped on purpose', books.offered - total(books.skipped)],
      ['sent', books.sent], ['answered', total(books.completed) + total(books.failed.filter(refused))], ['compared', compared],
    ];
    stages.update(rows.map(([name, count]) => ({ name, count, of: books.offered })));
    losses.update(lost(one));
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
  const { books, comparison } = one;
  const of = books.offered;
  const rows = [];
  const add = (group, entries) => entries.filter(([, count]) => count > 0).forEach(([reason, count]) => rows.push({ group, reason, count, of }));
  add('skipped on purpose', books.skipped);
  add('dropped by a limit', books.dropped);
  add('answered with an error', books.failed.filter(refused));
  add('sent, no answer', books.failed.filter((each) => !refused(each)));
  add('sent, given up', [['abandoned', books.abandoned]]);
  if (comparison) {
    add('answered, not compared', [['not sent or ended unseen', comparison.void]]);
    add('answered, not comparable', comparison.incomparable);
  }
  return rows;
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
