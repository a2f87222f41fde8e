// The corrections that lie in this browser and of which the call is not in the queue: to go on with, or to delete.
const there = () => [...document.querySelectorAll('#call-queue [data-sound]')].map(row => row.dataset.sound);

let shown = [];

async function draw() {
  const box = element.querySelector('.kept');
  if (!box) return;
  const here = there();
  shown = (await kept.distinct().catch(() => [])).filter(each => !here.includes(each.sound));
  box.hidden = !shown.length;
  box.querySelector('ul').replaceChildren(...shown.map((each, place) => {
    const row = box.querySelector('template').content.cloneNode(true);
    row.querySelector('li').dataset.place = place;
    const when = new Date(each.updated).toLocaleString(document.documentElement.lang || navigator.language, {dateStyle: 'short', timeStyle: 'short'});
    row.querySelector('span').textContent = each.name;
    row.querySelector('small').textContent = `${when} · ${each.entries.length}`;
    return row;
  }));
}

element.addEventListener('click', async event => {
  const button = event.target.closest('[data-kept]'), journal = shown[button?.closest('li').dataset.place];
  if (!journal) return;
  if (button.dataset.kept === 'forget') {
    if (!confirm(button.dataset.ask)) return;
    await kept.forget(each => each.key === journal.key);
    return draw();
  }
  const found = await kept.work(journal);
  if (found) trigger('reopen', {work: found});
});
document.addEventListener('call-queue', draw);
document.addEventListener('call-forget', event => kept.forget(each => event.detail.includes(each.sound)).catch(() => {}));

// What this browser has on recordings that have just come, for the server.
globalThis.alloWorks = async sounds => {
  const all = await kept.distinct().catch(() => []);
  const last = (sounds ?? []).map(sound => all.find(each => each.sound === sound));
  const found = await Promise.all(last.map(journal => kept.work(journal).catch(() => null)));
  return found.filter(Boolean);
};
watch('value', draw);
draw();
// A call in which somebody began to type, and did not.
const DAY = 86_400_000; // milliseconds
kept.forget(each => !each.entries.length && each.updated < Date.now() - DAY).catch(() => {});
