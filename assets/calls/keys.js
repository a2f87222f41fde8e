// The keys, which work while one types. A pedal that sends F7, F8 and F9 leads the player.
const KEYS = {
  F1: help, F7: PLAY.back, F8: PLAY.toggle, F9: PLAY.repeat,
  'Control+ ': PLAY.toggle, 'Control+h': find, 'Alt+ArrowDown': PLAY.slower, 'Alt+ArrowUp': PLAY.faster,
};
const IN_A_TURN = {
  Enter: 'next', 'Shift+Enter': 'previous', 'Control+Enter': 'right', 'Alt+Enter': 'split',
  'Control+ArrowDown': 'next', 'Control+ArrowUp': 'previous',
  'Control+z': 'undo', 'Control+y': 'redo', 'Control+Shift+z': 'redo', 'Control+i': 'insert',
  'Control+Shift+Backspace': 'delete', F2: 'doubt', 'Shift+F2': 'sure', F3: 'others', F4: 'speaker',
};

function named(event) {
  const {key} = event, name = key.length === 1 ? key.toLowerCase() : key;
  const held = [['Control', event.ctrlKey || event.metaKey], ['Alt', event.altKey], ['Shift', event.shiftKey]];
  return [...held.filter(([, down]) => down).map(([name]) => name), name].join('+');
}

function help() {
  const keys = element.querySelector('dialog.keys');
  if (keys?.open) keys.close();
  else keys?.showModal();
}

function find() {
  const panel = document.querySelector('#call-replace details');
  if (!panel?.offsetParent) return;
  panel.open = true;
  panel.querySelector('[name=find]').focus();
}

document.addEventListener('keydown', event => {
  if (event.isComposing || !list()?.offsetParent) return;
  const name = named(event), row = current();
  if (choose(event, name)) return event.preventDefault();
  const elsewhere = !row && event.target.matches('input, textarea, select, [contenteditable]');
  if (KEYS[name] && !(elsewhere && !/^F\d/.test(name))) {
    event.preventDefault();
    return KEYS[name]();
  }
  if (event.key === '?' && !elsewhere && !typing()) return help();
  if (event.key === ' ' && row && event.target === row.querySelector('.time')) return;
  if (!row || !editable()) return undoOutside(name, event, elsewhere);
  const where = caret(), turn = place(row), act = ACTS[IN_A_TURN[name] ?? atTheEdge(event, name, row, where)];
  if (event.target.matches('button') && /^(Enter| )$/.test(name)) return;
  if (act) {
    event.preventDefault();
    commit();
    act(turn, where);
  } else if (name === 'Escape' && typing()) {
    event.preventDefault();
    clearTimeout(timer);
    dirty = null;
    row.querySelector('p').textContent = state.turns[turn].text;
    fill(row, state.turns[turn]);
    if (!work?.unsent.length) row.classList.remove('pending');
    row.querySelector('.time').focus();
  }
});

// With the focus nowhere, undo and the keys that go to a turn work as well.
function undoOutside(name, event, elsewhere) {
  const act = IN_A_TURN[name];
  if (elsewhere || !editable() || !['undo', 'redo', 'doubt', 'others'].includes(act) || event.target !== document.body) return;
  event.preventDefault();
  ACTS[act](0, {at: -1});
}

// Backspace before the first letter merges; an arrow on the first or last line leads to the turn beside.
function atTheEdge(event, name, row, {at, chosen}) {
  const p = row.querySelector('p');
  if (event.target !== p || chosen) return null;
  if (name === 'Backspace') return at ? null : 'merge';
  if (name !== 'ArrowUp' && name !== 'ArrowDown') return null;
  const line = getSelection().getRangeAt(0).getClientRects()[0] ?? p.getClientRects()[0], box = p.getBoundingClientRect();
  const height = parseFloat(getComputedStyle(p).lineHeight) || 20;
  if (name === 'ArrowUp') return line.top - box.top < height / 2 ? 'previous' : null;
  return box.bottom - line.bottom < height / 2 ? 'next' : null;
}
