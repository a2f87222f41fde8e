// What else a doubtful word could be: a list under its turn. F3 opens it, and goes from one to the next; so does a click
// on the word, after which the keys are those of the text.
let offered = null; // {box, turn, start, end, others, at, keyed}
const STEPS = {F3: 1, ArrowDown: 1, ArrowRight: 1, 'Shift+F3': -1, ArrowUp: -1, ArrowLeft: -1};

// The alternatives of the word at the caret, or of the next doubtful word that has some.
function offer(turn, {at}) {
  const found = wordAt(turn, at) ?? doubtfulWords(turn).find(word => word.others.length && isAfter(word, turn, at));
  if (!found) return;
  focusOn(found.turn, found.start, found.end);
  open(found, true);
}

function wordAt(turn, at) {
  const found = places(state.turns[turn]?.doubt ?? '').find(({start, end, others}) => others.length && start <= at && at <= end);
  return found && {turn, ...found};
}

function open(word, keyed) {
  withdraw();
  const row = rows()[word.turn], box = document.createElement('ul');
  Object.assign(box, {className: 'others', role: 'listbox', ariaLabel: list().dataset.others, contentEditable: 'false'});
  box.append(...word.others.map((text, place) => {
    const item = Object.assign(document.createElement('li'), {role: 'option', id: `call-other-${place}`});
    const number = Object.assign(document.createElement('kbd'), {textContent: place + 1});
    item.append(number, ` ${text || list().dataset.nothing}`);
    return item;
  }));
  row.append(box);
  offered = {...word, box, at: 0, keyed};
  point(0);
  box.scrollIntoView({block: 'nearest'});
}

function point(step) {
  const items = [...offered.box.children], p = offered.box.parentElement.querySelector('p');
  offered.at = (offered.at + step + items.length) % items.length;
  items.forEach((item, place) => { item.ariaSelected = place === offered.at; });
  p.setAttribute('aria-activedescendant', items[offered.at].id);
}

function withdraw() {
  offered?.box.parentElement?.querySelector('p').removeAttribute('aria-activedescendant');
  offered?.box.remove();
  offered = null;
}

// One of them in the place of the word.
function take(place) {
  const {turn, start, end, others} = offered, whole = state.turns[turn].text;
  withdraw();
  const text = whole.slice(0, start) + others[place] + whole.slice(end);
  edit(clean(text) ? {kind: 'text', turn, text: clean(text)} : {kind: 'delete', turn});
  focusOn(turn, start + others[place].length);
}

// Whether a key was for the list; any other one puts it away. A number is where it stands on the keyboard, on which
// French ones have accents without Shift.
function choose(event, name) {
  if (/^(Shift|Control|Alt|Meta)$/.test(event.key)) return false;
  const [, number] = /^(?:Digit|Numpad)([1-9])$/.exec(event.code) ?? [];
  if (!offered?.keyed) {
    withdraw();
    return false;
  }
  if (name in STEPS) point(STEPS[name]);
  else if (name === 'Enter') take(offered.at);
  else if (number <= offered.others.length) take(number - 1);
  else {
    withdraw();
    return name === 'Escape';
  }
  return true;
}

element.addEventListener('mousedown', event => {
  const item = event.target.closest('.others li');
  if (!item) return withdraw();
  event.preventDefault(); // the text keeps the focus
  take([...offered.box.children].indexOf(item));
});
element.addEventListener('click', event => {
  const row = typing();
  if (!row?.contains(event.target) || caret().chosen) return;
  commit();
  const word = wordAt(place(row), caret().at);
  if (word) open(word, false);
});
element.addEventListener('input', withdraw);
element.addEventListener('focusout', event => { if (!element.contains(event.relatedTarget)) withdraw(); });
