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
const kept = {
  key: sound => `${sound}/${globalThis.alloToken}`,
  journal: key => transaction('readonly', (_, journals) => journals.get(key)),
  journals: () => transaction('readonly', (_, journals) => journals.getAll()),
  machine: key => transaction('readonly', machines => machines.get(key)),
  save: (journal, machine) => transaction('readwrite', (machines, journals) => {
    if (machine) machines.put(machine, journal.key);
    return journals.put(journal, journal.key);
  }),
  async forget(wanted) {
    const keys = (await kept.journals()).filter(wanted).map(each => each.key);
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
    const machine = journal && await kept.machine(journal.key);
    const {name, sound: sha256, entries} = journal ?? {};
    return machine ? JSON.stringify({allo: 'work', version: 1, sound: {name, sha256}, machine, entries}) : null;
  },
};
