// The turns as the page shows them, and what each edit does to them: what transcripts/edits.py does, but for the times,
// which the server reckons from the words.
// These files are one function's body, which gradio runs once: a function of `element`, `trigger`, `watch` and `server`.
const UNDO = 500;
const list = () => element.querySelector('.dialogue');
const rows = () => [...element.querySelectorAll('[data-turn]')];
const clean = text => text.split(/\s+/).filter(Boolean).join(' ');
let state = {turns: [], names: {}}, before = [], after = [], blank = null;

function read(row) {
  const {start, end, speaker, doubt} = row.dataset;
  const text = row.querySelector('p').textContent;
  return {start: +start, end: +end, speaker, doubt, text, checked: row.classList.contains('checked')};
}

// Doubtful words, "3,9 15,21,mot,maux": where each stands in the text, and what else it could be.
const places = doubt => doubt.split(' ').filter(Boolean).map(each => {
  const [start, end, ...others] = each.split(',');
  return {start: +start, end: +end, others: others.map(decodeURIComponent)};
});
// Those that lie between two places, moved.
const between = (doubt, from, to, by) => places(doubt).filter(({start, end}) => start >= from && end <= to)
  .map(({start, end, others}) => [start + by, end + by, ...others.map(encodeURIComponent)].join(',')).join(' ');

function doubtOf(turn, text) {
  let head = 0, tail = 0;
  const room = Math.min(turn.text.length, text.length);
  while (head < room && turn.text[head] === text[head]) head++;
  while (tail < room - head && turn.text.at(-1 - tail) === text.at(-1 - tail)) tail++;
  const more = text.length - turn.text.length;
  const first = between(turn.doubt, 0, head, 0), last = between(turn.doubt, turn.text.length - tail, Infinity, more);
  return [first, last].filter(Boolean).join(' ');
}

const spliced = (at, count, ...turns) => ({...state, turns: state.turns.toSpliced(at, count, ...turns)});
const withText = (turn, text) => text ? {...turn, text, checked: true, doubt: doubtOf(turn, text)} : turn;

const EDITS = {
  text: ({turn, text}) => spliced(turn, 1, withText(state.turns[turn], clean(text))),
  check: ({turn, on}) => spliced(turn, 1, {...state.turns[turn], checked: on}),
  split({turn, at}) {
    const was = state.turns[turn], units = [...was.text].slice(0, at).join('').length;
    const left = clean(was.text.slice(0, units)), right = clean(was.text.slice(units));
    if (!left || !right) return state;
    const middle = was.start + (was.end - was.start) * units / was.text.length, gap = was.text.length - right.length;
    return spliced(turn, 1, {...was, text: left, end: middle, doubt: between(was.doubt, 0, left.length, 0)},
      {...was, text: right, start: middle, doubt: between(was.doubt, gap, Infinity, -gap)});
  },
  merge({turn}) {
    if (turn < 1) return state;
    const [one, other] = state.turns.slice(turn - 1, turn + 1), by = one.text && one.text.length + 1;
    const doubt = [one.doubt, between(other.doubt, 0, Infinity, by || 0)].filter(Boolean).join(' ');
    const text = [one.text, other.text].filter(Boolean).join(' ');
    const end = Math.max(one.end, other.end), checked = one.checked && other.checked;
    return spliced(turn - 1, 2, {...one, text, end, doubt, checked});
  },
  speaker: ({turn, speaker}) => spliced(turn, 1, {...state.turns[turn], speaker}),
  insert({turn, speaker}) {
    const start = Math.min(state.turns[turn - 1]?.end ?? 0, state.turns[turn]?.start ?? Infinity);
    return spliced(turn, 0, {start, end: start, speaker, text: '', doubt: '', checked: false});
  },
  delete: ({turn}) => spliced(turn, 1),
  texts({texts}) {
    const turns = [...state.turns];
    for (const [turn, text] of texts) turns[turn] = {...withText(turns[turn], clean(text)), checked: turns[turn].checked};
    return {...state, turns};
  },
  name({speaker, name}) {
    return {...state, names: {...state.names, [speaker]: clean(name).slice(0, 40) || usual(speaker)}};
  },
  swap: () => ({...state, names: {...state.names, A: state.names.B, B: state.names.A}}),
};
const usual = speaker => field(speaker)?.placeholder || speaker;
const field = speaker => document.querySelector(`#call-timeline [data-speaker="${CSS.escape(speaker)}"]`);

// Does an entry of the journal here; whether it could be done: what was undone before this page was loaded, the server
// knows alone.
function apply(entry) {
  const was = state;
  if (entry.kind === 'undo' || entry.kind === 'redo') {
    const [source, target] = entry.kind === 'undo' ? [before, after] : [after, before];
    if (!source.length) return forget();
    target.push(state);
    state = source.pop();
  } else {
    if (!EDITS[entry.kind]) return forget();
    const next = EDITS[entry.kind](entry);
    if (alike(next, state)) return false;
    before = [...before.slice(1 - UNDO), state];
    after = [];
    state = next;
  }
  draw(was);
  return true;
}

const alike = (one, other) => equal(one.names, other.names) && one.turns.length === other.turns.length &&
  one.turns.every((turn, place) => turn === other.turns[place] || equal(turn, other.turns[place]));
const equal = (one, other) => Object.keys({...one, ...other}).every(key => one[key] === other[key]);

// What the server alone can do: from here on it undoes and redoes.
function forget() {
  [before, after] = [[], []];
  return false;
}

// Shows the state; only what has changed since another one.
function draw(was) {
  const old = was.turns, now = state.turns, shown = rows();
  let head = 0, tail = 0;
  const room = Math.min(old.length, now.length);
  while (head < room && old[head] === now[head]) head++;
  while (tail < room - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const stale = shown.slice(head, old.length - tail), next = shown[old.length - tail] ?? null;
  now.slice(head, now.length - tail).forEach((turn, place) => {
    const row = stale[place] ?? list().insertBefore(blank.cloneNode(true), next);
    fill(row, turn);
  });
  stale.slice(Math.max(0, now.length - tail - head)).forEach(row => row.remove());
  const renamed = was.names !== state.names;
  if (renamed) nameFields();
  label(renamed ? 0 : head, renamed ? now.length : now.length - tail + 1);
}

function nameFields() {
  for (const [speaker, name] of Object.entries(state.names)) {
    const input = field(speaker);
    if (input) input.value = name === input.placeholder ? '' : name;
  }
}

function fill(row, turn) {
  const p = row.querySelector('p'), check = row.querySelector('.check'), time = row.querySelector('.time');
  Object.assign(row.dataset, {start: turn.start, end: turn.end, speaker: turn.speaker, doubt: turn.doubt});
  row.className = `voice-${(((turn.speaker || 'A').codePointAt(0) - 65) % 4 + 4) % 4}`;
  row.classList.toggle('checked', turn.checked);
  row.classList.add('pending');
  check?.setAttribute('aria-pressed', turn.checked);
  time.textContent = clock(turn.start);
  check?.setAttribute('aria-label', `${check.title}, ${clock(turn.start)}`);
  if (row !== dirty && (clean(p.textContent) !== turn.text || p.childNodes.length > 1)) p.textContent = turn.text;
  if (turn.checked) p.className = 'sure';
  mark(row);
}

function clock(seconds) {
  const whole = Math.floor(seconds), two = value => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

// A party's name stands where another one spoke before.
function label(from, to) {
  rows().slice(from, to).forEach((row, place) => {
    const {speaker} = row.dataset, told = speaker && speaker !== state.turns[from + place - 1]?.speaker;
    row.querySelector('b').textContent = told ? state.names[speaker] ?? speaker : '';
  });
}

// Doubtful words are marked without a tag of their own, so that a text stays one piece while it is typed.
const doubts = globalThis.Highlight && new Highlight(), marked = new WeakMap();
function mark(row) {
  const text = row.querySelector('p').firstChild;
  for (const range of marked.get(row) ?? []) doubts?.delete(range);
  const ranges = places(row.dataset.doubt || '').filter(({end}) => text && end <= text.length).map(({start, end}) => {
    const range = new Range();
    range.setStart(text, start);
    range.setEnd(text, end);
    doubts?.add(range);
    return range;
  });
  marked.set(row, ranges);
}

// A call is shown, by the server: what was here before is forgotten.
function begin() {
  doubts?.clear();
  [before, after, dirty] = [[], [], null];
  state = {turns: rows().map(read), names: list() ? JSON.parse(list().dataset.names) : {}};
  nameFields();
  if (rows().length) blank = rows()[0].cloneNode(true);
  rows().forEach(mark);
  globalThis.CSS?.highlights?.set('doubt', doubts);
}
