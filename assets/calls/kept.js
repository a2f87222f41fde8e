// The corrections that lie in this browser and of which the call is not in the queue: to go on with, or to delete.
const there = () => [...document.querySelectorAll('#call-queue [data-sound]')].map(row => row.dataset.sound);

async function draw() {
  const box = element.querySelector('.kept'), all = await kept.journals().catch(() => []);
  if (!box) return;
  const here = there(), last = new Map();
  for (const each of all.sort((one, other) => one.updated - other.updated))
    if (each.entries.length && !here.includes(each.sound)) last.set(each.sound, each);
  box.hidden = !last.size;
  box.querySelector('ul').replaceChildren(...[...last.values()].reverse().map(each => {
    const row = box.querySelector('template').content.cloneNode(true);
    row.querySelector('li').dataset.sound = each.sound;
    const when = new Date(each.updated).toLocaleString(document.documentElement.lang || navigator.language, {dateStyle: 'short', timeStyle: 'short'});
    row.querySelector('span').textContent = each.name;
    row.querySelector('small').textContent = `${when} · ${each.entries.length}`;
    return row;
  }));
}

element.addEventListener('click', async event => {
  const button = event.target.closest('[data-kept]'), sound = button?.closest('li').dataset.sound;
  if (!button) return;
  if (button.dataset.kept === 'forget') {
    if (!confirm(button.dataset.ask)) return;
    await kept.forget([sound]);
    return draw();
  }
  const found = await kept.work(sound);
  if (found) trigger('reopen', {work: found});
});
document.addEventListener('call-queue', draw);
document.addEventListener('call-forget', event => kept.forget(event.detail).catch(() => {}));

// What this browser has on recordings that have just come, for the server.
globalThis.alloWorks = async sounds => {
  const found = await Promise.all((sounds ?? []).map(sound => kept.work(sound).catch(() => null)));
  return found.filter(Boolean);
};
watch('value', draw);
draw();
