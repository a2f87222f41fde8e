// The visitor's corrections, kept in this browser until they are deleted: for each recording and tab a journal, and once
// what the machine wrote. A recording is known by the hash of its sound.
const opened = () => new Promise((done, failed) => {
  const asked = indexedDB.open('allo', 1);
  asked.onupgradeneeded = () => ['machines', 'journals'].forEach(name => asked.result.createObjectStore(name));
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => failed(asked.error);
});
async function transaction(mode, act) {
  const base = await opened();
  try {
    return await new Promise((done, failed) => {
      const running = base.transaction(['machines', 'journals'], mode);
      const asked = act(running.objectStore('machines'), running.objectStore('journals'));
      running.oncomplete = () => done(asked?.result);
      running.onabort = running.onerror = () => failed(running.error);
    });
  } finally {
    base.close();
  }
}
// The last corrections, until the journal has them: a page that is being left has no time for IndexedDB.
const HELD = 'allo-held/';
const held = {
  of: key => {
    try {
      return JSON.parse(localStorage.getItem(HELD + key));
    } catch {} // refused
  },
  put: ({base, ...tail}) => {
    const write = value => localStorage.setItem(HELD + tail.key, JSON.stringify(value));
    try {
      write({...tail, base});
    } catch {
      try {
        write(tail); // the base may be too large
      } catch {} // full or refused: IndexedDB may still take it
    }
  },
  all() {
    try {
      return Object.keys(localStorage).filter(name => name.startsWith(HELD)).map(name => JSON.parse(localStorage[name]));
    } catch {
      return [];
    }
  },
  drop: key => {
    try {
      localStorage.removeItem(HELD + key);
    } catch {}
  },
  // A journal with its tail, {key, era, from, entries}, where that goes on after what it has.
  after({era, entries} = {era: null, entries: []}, tail) {
    const goesOn = tail?.era === era && tail.from <= entries.length && tail.from + tail.entries.length > entries.length;
    return goesOn ? [...entries.slice(0, tail.from), ...tail.entries] : entries;
  },
};
// Of a call that was opened out of a journal, and left before it had one of its own, a journal with that one's machine.
function goneOn({key, sound, from, entries}, all) {
  const [one, another] = all.filter(each => each.sound === sound && each.entries.length === from);
  return one && !another ? [{...one, key, like: one.key, entries: [...one.entries, ...entries], updated: Date.now()}] : [];
}
// Of a call that was left before it had a journal at all, one out of what its tail goes on from.
function begun({base, from, ...tail}) {
  return base ? [{...tail, machine: base.machine, entries: [...base.entries.slice(0, from), ...tail.entries]}] : [];
}
function ofTail(tail, all) {
  const found = goneOn(tail, all);
  return found.length ? found : begun(tail);
}
const kept = {
  key: sound => `${sound}/${globalThis.alloToken}`,
  journal: key => transaction('readonly', (_, journals) => journals.get(key)),
  async journals() {
    const all = await transaction('readonly', (_, journals) => journals.getAll());
    const whole = all.map(each => ({...each, entries: held.after(each, held.of(each.key))}));
    const tails = held.all().filter(tail => !all.some(each => each.key === tail.key));
    return [...whole, ...tails.flatMap(tail => ofTail(tail, whole))];
  },
  machine: key => transaction('readonly', machines => machines.get(key)),
  save: (journal, machine) => transaction('readwrite', (machines, journals) => {
    if (machine) machines.put(machine, journal.key);
    return journals.put(journal, journal.key);
  }),
  async forget(wanted) {
    const all = await kept.journals(), gone = all.filter(wanted), keys = gone.map(each => each.key);
    const isLoose = tail => !all.some(each => each.key === tail.key) && gone.some(each => each.sound === tail.sound);
    held.all().filter(tail => keys.includes(tail.key) || isLoose(tail)).forEach(tail => held.drop(tail.key));
    await transaction('readwrite', (machines, journals) => keys.forEach(key => [machines, journals].forEach(all => all.delete(key))));
  },
  // All that was corrected, the last first, without what went on in another tab.
  async distinct() {
    const all = (await kept.journals()).filter(each => each.entries.length).sort((one, other) => other.updated - one.updated);
    const texts = new Map(all.map(each => [each, JSON.stringify(each.entries).slice(0, -1)]));
    const goesOn = (one, other) => one.sound === other.sound && texts.get(other).startsWith(texts.get(one));
    return all.filter((one, place) => !all.some((other, at) => at !== place && goesOn(one, other) &&
      (texts.get(other) !== texts.get(one) || at < place)));
  },
  // As a work file has it.
  async work(journal) {
    const machine = journal && (journal.machine ?? await kept.machine(journal.like ?? journal.key));
    const {name, sound: sha256, entries} = journal ?? {};
    return machine ? JSON.stringify({allo: 'work', version: 1, sound: {name, sha256}, machine, entries}) : null;
  },
};
