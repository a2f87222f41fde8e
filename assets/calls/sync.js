// Corrections go to the server as entries of a journal, and stand as saved once it has answered. Whatever happens to it
// or to the line between, they are in this browser before.
const AGAIN = 2000; // milliseconds until the next try
const ALL = -1; // no number of turns: the server gives them all
let work = null; // the call that is shown: {call, era, key, sound, name, saved, entries, machine}
const sending = new Set(); // the calls whose corrections are on their way

async function watchOver() {
  const {call, era, sound, name, count} = list()?.dataset ?? {};
  work = era ? {call: +call, era, sound, name, key: kept.key(sound), saved: +count, entries: null, unsent: [], drawn: state.turns} : null;
  tell(+count ? 'saved' : '');
  if (!work) return;
  work.ready = ready(work);
}

// What the server has of the call, and what only this browser has.
async function ready(mine) {
  const token = globalThis.alloToken, {era} = mine, tail = held.of(mine.key);
  mine.tail = tail?.era === era ? tail : null;
  const journal = await kept.journal(mine.key).catch(() => null);
  let whole = null;
  while ((mine === work || mine.unsent.length) && !whole?.entries) {
    whole = await server.work_of({token, call: mine.call, era}).catch(() => null);
    if (whole?.trouble) return mine === work && tell(whole.trouble);
    if (!whole) await new Promise(later => setTimeout(later, AGAIN));
  }
  if (!whole) return;
  [mine.machine, mine.entries] = [whole.machine, whole.entries.slice(0, mine.saved)];
  const own = journal?.era === era ? journal.entries : [];
  const here = held.after({era, entries: own.length > whole.entries.length ? own : whole.entries}, tail);
  if (here.length > mine.saved) // made while the line was cut, or just before the page was left, or since it was drawn
    [mine.unsent, mine.resumed] = [[...here.slice(mine.saved), ...mine.unsent], true];
  if (here.length > own.length) keep(mine); // a tail goes on from what is kept
  if (mine.unsent.length) send(mine);
}

// Somebody types for the first time: a page that is left meanwhile has no time for more than its tail.
function prepare() {
  if (!work || work.begun) return;
  work.begun = true;
  keep(work);
}

function push(entry) {
  work.unsent.push(entry);
  hold(work);
  keep(work);
  document.querySelector(`#call-queue [data-call="${work.call}"]`)?.setAttribute('data-corrected', '');
  send(work);
}

function hold(mine) {
  const {key, era, sound, name, saved, unsent} = mine;
  const before = !mine.entries && mine.tail || {from: saved, entries: []}; // the page before held it, and it is not sent yet
  const tail = {key, era, sound, name, from: before.from, entries: [...before.entries, ...unsent], updated: Date.now()};
  if (!mine.stored) tail.base = before.base ?? base(mine);
  mine.held = tail.from + tail.entries.length;
  held.put(tail);
}

// What a tail goes on from where nothing else is kept yet: until the server has told it, the turns as they were drawn.
function base({machine, entries, drawn}) {
  if (entries) return {machine, entries};
  return {machine: {turns: drawn.map(({start, end, text, speaker}) => ({start, end, text, speaker}))}, entries: []};
}

async function keep(mine) {
  await mine.ready;
  if (!mine.entries) return; // the call is gone from the server: what is held here stays
  const {key, sound, name, era, machine} = mine, entries = [...mine.entries, ...mine.unsent];
  try {
    await kept.save({key, sound, name, era, entries, updated: Date.now()}, mine.stored ? null : machine);
    mine.stored ||= Boolean(machine);
    if (mine.held <= entries.length) held.drop(key);
  } catch {
    mine.full = true; // or refused: some browsers do so in private windows
    tell('full');
  }
}

// Sends what is not saved yet, one batch after another, though another call may be shown meanwhile.
async function send(mine) {
  if (sending.has(mine)) return;
  sending.add(mine);
  await mine.ready;
  while (mine.unsent.length) {
    const batch = [...mine.unsent];
    const answer = await server.save_edits({
      token: globalThis.alloToken, call: mine.call, era: mine.era, from: mine.saved, entries: batch,
      total: mine.resumed || mine.behind ? ALL : state.turns.length,
    }).catch(() => null);
    if (answer?.saved === undefined && !answer?.trouble) {
      mine.behind = true; // it may have been the answer that was lost
      if (mine === work) tell('waiting', mine.unsent.length);
      await new Promise(later => setTimeout(later, AGAIN));
      continue;
    }
    if (answer.trouble) {
      if (mine === work) tell(answer.trouble);
      break;
    }
    const done = mine.unsent.splice(0, answer.saved - mine.saved);
    mine.entries.push(...done);
    mine.saved = answer.saved;
    mine.behind = mine.unsent.length > 0; // the next answer has to tell of these too
    if (mine.full && !mine.unsent.length) held.drop(mine.key);
    if (mine !== work || mine.behind) continue;
    adopt(answer);
    if (mine.resumed) forget();
    mine.resumed = false;
    element.querySelectorAll('.pending').forEach(row => row.classList.remove('pending'));
    tell(mine.full ? 'full' : 'saved');
    trigger('saved', {});
  }
  sending.delete(mine);
}

// The server's times, and what only it could undo.
function adopt({at, turns: found, total, names}) {
  const was = state;
  const turns = [...state.turns];
  turns.splice(at, total === found.length ? Infinity : found.length, ...found);
  if (turns.length !== total) return;
  const same = turns.map((turn, place) => was.turns[place] && equal(turn, was.turns[place]) ? was.turns[place] : turn);
  state = {turns: same, names: equal(names, was.names) ? was.names : names};
  draw(was);
}

function tell(what, count) {
  const told = element.querySelector('.saved');
  if (!told) return;
  told.textContent = what ? told.dataset[what].replace('0', count ?? '0') : '';
  told.classList.toggle('trouble', Boolean(what) && what !== 'saved');
}

// What was typed last is saved: before a file is made of it.
globalThis.alloSaved = async () => {
  commit();
  for (let tries = 0; sending.size && tries < 50; tries++) await new Promise(later => setTimeout(later, 100));
};
