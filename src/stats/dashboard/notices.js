// What came of something the reader did: one line at the foot of the page, read out once.

import { element, fill, mark } from '/page/elements.js';

const SECONDS = 12;

const line = element('p', 'outcome');
line.setAttribute('role', 'status');
document.body.append(line);
let timer = 0;

export function say(text, isBad = false) {
  clearTimeout(timer);
  fill(line, text);
  mark(line, 'bad', isBad);
  mark(line, 'shown', true);
  timer = setTimeout(() => {
    mark(line, 'shown', false);
    fill(line, '');
  }, SECONDS * 1000);
}
