// A table whose rows are made once per key and then only filled.
//
// A column has a `name`, how it is shown (`head`, `number`, `wide`), and either `text(row)`, with `href(row)` where it
// leads somewhere and `marks(row)` for how it looks, or `make(row)`, which gives a cell's content with its own `update`.
// `empty` is what stands there without rows, or gives it. What the `hint`s of columns say is in `meanings`, which belongs below
// the `frame`: titles are for those who have a mouse.

import { element, fill, link, mark, place } from '/page/elements.js';

export function table({ caption, columns, keyOf, empty = 'Nothing yet.', className = '' }) {
  const head = role(element('tr', '', ...columns.map(title)), 'row');
  const body = role(element('tbody'), 'rowgroup');
  const name = element('caption', 'unseen', caption);
  const grid = role(element('table', 'grid ' + className, name, role(element('thead', '', head), 'rowgroup'), body), 'table');
  const frame = element('div', 'scroll', grid);
  // What may have to be scrolled must be reachable by keyboard, and then needs a name.
  frame.tabIndex = 0;
  frame.setAttribute('role', 'region');
  frame.setAttribute('aria-label', caption);
  const nothing = element('td', 'quiet', 'Waiting for figures …');
  nothing.colSpan = columns.length;
  const nothingRow = role(element('tr', '', role(nothing, 'cell')), 'row');
  let rows = new Map();

  function update(all) {
    const next = new Map();
    for (const one of all) {
      const key = keyOf(one);
      const row = rows.get(key) || made(columns, one);
      row.update(one);
      next.set(key, row);
    }
    rows = next;
    fill(nothing, typeof empty === 'function' ? empty() : empty);
    place(body, rows.size ? [...rows.values()].map((row) => row.node) : [nothingRow]);
  }

  body.append(nothingRow);
  return { frame, meanings: meanings(columns.filter((column) => column.hint)), update };
}

function meanings(columns) {
  const list = element('dl', '', ...columns.flatMap((column) => [element('dt', '', column.name), element('dd', '', column.hint)]));
  return element('details', 'meanings', element('summary', '', 'What the columns mean'), list);
}

// Said in so many words, since a table that is laid out as cards is no table to some browsers.
function role(node, name) {
  node.setAttribute('role', name);
  return node;
}

function title(column) {
  const cell = element('th', shape(column), column.name);
  cell.scope = 'col';
  role(cell, 'columnheader');
  if (column.hint) cell.title = column.hint;
  return cell;
}

function shape(column) {
  return [column.number ? 'number' : '', column.wide ? 'wide' : '', column.className || ''].join(' ').trim();
}

function made(columns, one) {
  const cells = columns.map((column) => cell(column, one));
  const node = role(element('tr', '', ...cells.map((each) => each.node)), 'row');
  return { node, update: (now) => cells.forEach((each) => each.update(now)) };
}

function cell(column, one) {
  const node = element(column.head ? 'th' : 'td', shape(column));
  if (column.head) node.scope = 'row';
  role(node, column.head ? 'rowheader' : 'cell');
  // On a narrow screen a row is a card, and each of its cells says what it is.
  node.dataset.label = column.name;
  if (column.make) {
    const content = column.make(one);
    node.append(content.node);
    return { node, update: content.update };
  }
  let holder = node;
  if (column.href) {
    holder = link(column.href(one), '');
    node.append(holder);
  }
  return {
    node,
    update(now) {
      fill(holder, column.text(now));
      if (column.href) holder.href = column.href(now);
      for (const [className, wanted] of Object.entries(column.marks ? column.marks(now) : {})) mark(node, className, wanted);
    },
  };
}
