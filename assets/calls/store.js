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
  async forget(sounds) {
    const keys = (await kept.journals()).filter(each => sounds.includes(each.sound)).map(each => each.key);
    await transaction('readwrite', (machines, journals) => keys.forEach(key => [machines, journals].forEach(all => all.delete(key))));
  },
  // The work on a recording that was done last, as a work file has it.
  async work(sound) {
    const found = (await kept.journals()).filter(each => each.sound === sound && each.entries.length);
    const last = found.sort((one, other) => other.updated - one.updated)[0];
    const machine = last && await kept.machine(last.key);
    if (!machine) return null;
    return JSON.stringify({allo: 'work', version: 1, sound: {name: last.name, sha256: sound}, machine, entries: last.entries});
  },
};
