// What else a doubtful word could be: a list under its turn. F3 opens it, and goes from one to the next.
let offered = null; // {box, turn, start, end, others, at}
const STEPS = {F3: 1, ArrowDown: 1, ArrowRight: 1, 'Shift+F3': -1, ArrowUp: -1, ArrowLeft: -1};

// The alternatives of the word at the caret, or of the next doubtful word that has some.
function offer(turn, {at}) {
  const here = places(state.turns[turn]?.doubt ?? '').find(({start, end, others}) => others.length && start <= at && at <= end);
  const found = here ? {turn, ...here} : doubtfulWords(turn).find(word => word.others.length && isAfter(word, turn, at));
  if (!found) return;
  focusOn(found.turn, found.start, found.end);
  const row = rows()[found.turn], box = document.createElement('ul');
  Object.assign(box, {className: 'others', role: 'listbox', ariaLabel: list().dataset.others, contentEditable: 'false'});
  box.append(...found.others.map((text, place) => {
    const item = Object.assign(document.createElement('li'), {role: 'option', id: `call-other-${place}`});
    const number = Object.assign(document.createElement('kbd'), {textContent: place + 1});
    item.append(number, ` ${text || list().dataset.nothing}`);
    return item;
  }));
  row.append(box);
  offered = {...found, box, at: 0};
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

// Whether a key was for the list; any other one puts it away.
function choose(name) {
  if (!offered) return false;
  if (name in STEPS) point(STEPS[name]);
  else if (name === 'Enter') take(offered.at);
  else if (Number(name) <= offered.others.length && Number(name) > 0) take(Number(name) - 1);
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
element.addEventListener('focusout', event => { if (!element.contains(event.relatedTarget)) withdraw(); });
