// Correcting: what is typed, clicked or keyed becomes an entry of the journal.
const PAUSE = 1500; // milliseconds without a key after which what was typed is an entry
const editable = () => list()?.hasAttribute('data-editable');
const current = () => document.activeElement?.closest?.('#call-dialogue [data-turn]');
const typing = () => document.activeElement?.matches?.('#call-dialogue [contenteditable]') && current();
const place = row => rows().indexOf(row);
let dirty = null, timer = 0; // the row whose text is not an entry yet

function edit(entry) {
  if (!work || (list().dataset.editable === undefined && !['name', 'swap'].includes(entry.kind))) return;
  const done = apply(entry);
  if (done || ['undo', 'redo', 'machine'].includes(entry.kind)) push(entry);
  return done;
}

// What was typed is an entry: when it is left, when another key wants it, and after a pause.
function commit() {
  clearTimeout(timer);
  const row = dirty;
  dirty = null;
  if (!row?.isConnected) return;
  const text = clean(row.querySelector('p').textContent), turn = place(row);
  if (!text || text === state.turns[turn].text) return;
  edit({kind: 'text', turn, text});
}

function focusOn(turn, at = 0, end = at) {
  const row = rows()[Math.max(0, Math.min(turn, rows().length - 1))], p = row?.querySelector('p');
  if (!p) return;
  p.focus({preventScroll: true});
  const text = p.firstChild ?? p, most = text.length ?? 0;
  getSelection().setBaseAndExtent(text, Math.min(at, most), text, Math.min(end, most));
  row.scrollIntoView({block: 'nearest'});
}

// The place of the caret in its text, and whether something is selected.
function caret() {
  const selection = getSelection(), p = typing()?.querySelector('p');
  if (!p?.contains(selection.anchorNode)) return {at: 0, chosen: false};
  const range = selection.getRangeAt(0), head = range.cloneRange();
  head.selectNodeContents(p);
  head.setEnd(range.startContainer, range.startOffset);
  return {at: head.toString().length, chosen: !range.collapsed};
}

const ACTS = {
  next: turn => focusOn(leaveEmpty(turn) ? turn : turn + 1),
  previous: turn => { leaveEmpty(turn); focusOn(turn - 1); },
  right(turn) {
    if (state.turns[turn].text) edit({kind: 'check', turn, on: true});
    ACTS.next(turn);
  },
  undo: turn => { edit({kind: 'undo'}); focusOn(turn); },
  redo: turn => { edit({kind: 'redo'}); focusOn(turn); },
  machine: () => edit({kind: 'machine'}),
  split(turn, {at}) {
    const text = rows()[turn].querySelector('p').textContent, units = clean(text.slice(0, at)).length;
    const whole = state.turns[turn].text;
    if (edit({kind: 'split', turn, at: [...whole.slice(0, units)].length})) focusOn(turn + 1);
  },
  merge(turn) {
    const at = state.turns[turn - 1]?.text.length;
    if (edit({kind: 'merge', turn})) focusOn(turn - 1, at && at + 1);
  },
  speaker(turn, {at}) {
    const all = Object.keys(state.names).sort(), now = all.indexOf(state.turns[turn].speaker);
    edit({kind: 'speaker', turn, speaker: all[(now + 1) % all.length]});
    focusOn(turn, at);
  },
  insert(turn) {
    const other = Object.keys(state.names).sort().find(each => each !== state.turns[turn]?.speaker) ?? 'A';
    edit({kind: 'insert', turn: turn + 1, speaker: other});
    focusOn(turn + 1);
  },
  delete(turn) {
    edit({kind: 'delete', turn});
    focusOn(turn);
  },
  doubt: (turn, {at}) => doubtful(turn, at, 1),
  sure: (turn, {at}) => doubtful(turn, at, -1),
  others: offer,
};

// A turn that is left without a text is no turn; whether it was one.
function leaveEmpty(turn) {
  const row = rows()[turn];
  return editable() && row && !clean(row.querySelector('p').textContent) && edit({kind: 'delete', turn});
}

// To the next doubtful word, or the one before, which is selected: typing puts another in its place.
function doubtful(turn, at, step) {
  const words = doubtfulWords(turn), isBefore = word => word.turn < turn || word.turn === turn && word.start < at;
  const found = step > 0 ? words.find(word => isAfter(word, turn, at)) : words.findLast(isBefore);
  if (!found) return;
  focusOn(found.turn, found.start, found.end);
  seek(rows()[found.turn], false);
}
const isAfter = (word, turn, at) => word.turn > turn || word.turn === turn && word.start > at;

// Those of this turn, and of the others that nobody has said to be right.
const doubtfulWords = here => state.turns.flatMap(({checked, doubt}, turn) =>
  checked && turn !== here ? [] : places(doubt).map(place => ({turn, ...place})));

// One turn is a stop of the Tab key; the others are reached from it.
function rove(row) {
  for (const each of element.querySelectorAll('[tabindex="0"]')) each.tabIndex = -1;
  for (const each of row?.querySelectorAll('p[contenteditable], button') ?? []) each.tabIndex = 0;
}

element.addEventListener('focusin', event => {
  const row = event.target.closest('[data-turn]');
  if (row) rove(row);
});
element.addEventListener('input', event => {
  const row = event.target.closest('[data-turn]');
  if (!row) return;
  dirty = row;
  prepare();
  row.classList.add('pending');
  clearTimeout(timer);
  timer = setTimeout(commit, PAUSE);
});
element.addEventListener('focusout', event => {
  const p = event.target.closest('[contenteditable]'), row = p?.closest('[data-turn]');
  if (!row) return;
  commit();
  if (!row.isConnected || !editable()) return;
  if (!clean(p.textContent)) return leaveEmpty(place(row));
  if (state.turns[place(row)] && p.textContent !== state.turns[place(row)].text) fill(row, state.turns[place(row)]);
});
element.addEventListener('click', event => {
  if (event.target.closest('[data-edit="machine"]')) return ACTS.machine();
  const row = event.target.closest('[data-turn]');
  if (!row) return;
  if (event.target.closest('.check')) edit({kind: 'check', turn: place(row), on: !state.turns[place(row)].checked});
  else if (getSelection().isCollapsed) seek(row, event.target.closest('.time'));
});
document.addEventListener('call-edit', event => { commit(); edit(event.detail); });
addEventListener('pagehide', commit);
