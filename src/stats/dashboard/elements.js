// Elements made and filled. Every text goes in through textContent, so that nothing that came with traffic can become
// markup; an element is touched only where it changes, so that focus and selection stay.

export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function fill(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function mark(node, className, wanted) {
  node.classList.toggle(className, Boolean(wanted));
}

export function link(href, text, className) {
  const made = element('a', className, text);
  made.href = href;
  return made;
}

// The children, put in place only where they are not there already.
export function place(parent, nodes) {
  const there = parent.children;
  const same = there.length === nodes.length && nodes.every((node, number) => there[number] === node);
  if (!same) parent.replaceChildren(...nodes);
}

// A heading that a new view puts the focus on.
export function heading(text) {
  const made = element('h2', 'view-title', text);
  made.tabIndex = -1;
  return made;
}

// Names with values: a list that keeps its place while it is filled.
export function facts(names, className = 'totals') {
  const values = names.map(() => element('dd', '', '–'));
  const list = element('dl', className, ...names.map((name, number) => element('div', '', element('dt', '', name), values[number])));
  return {
    list,
    update(texts) {
      texts.forEach((text, number) => fill(values[number], text));
    },
    mark(number, className_, wanted) {
      mark(values[number], className_, wanted);
    },
  };
}

let made = 0;

// A form field with its label.
export function field(label, input, hint) {
  made += 1;
  input.id = 'field-' + made;
  const name = element('label', '', label);
  name.htmlFor = input.id;
  const parts = [name, input];
  if (hint) {
    const text = element('span', 'hint', hint);
    text.id = input.id + '-hint';
    input.setAttribute('aria-describedby', text.id);
    parts.push(text);
  }
  return element('div', 'field', ...parts);
}

export function input(type, attributes = {}) {
  const made_ = element('input');
  made_.type = type;
  for (const [key, value] of Object.entries(attributes)) made_.setAttribute(key, value);
  return made_;
}

export function button(text, pressed, className) {
  const made_ = element('button', className, text);
  made_.type = 'button';
  made_.addEventListener('click', (event) => {
    if (isEnabled(made_)) pressed(event);
  });
  return made_;
}

// Says whether a button does anything. One that is disabled in the browser's way would lose the focus, and whoever has
// pressed it with the keyboard their place.
export function enable(node, wanted) {
  const text = String(!wanted);
  if (node.getAttribute('aria-disabled') !== text) node.setAttribute('aria-disabled', text);
}

export function isEnabled(node) {
  return node.getAttribute('aria-disabled') !== 'true';
}
