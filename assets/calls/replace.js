// Find and replace: how many there are is said before anything is done, and what was done can be undone.
const asked = () => ({
  token: globalThis.alloToken,
  ...Object.fromEntries(['find', 'put'].map(name => [name, element.querySelector(`[name=${name}]`).value])),
  ...Object.fromEntries(['case', 'accents', 'words', 'everywhere'].map(name => [name, element.querySelector(`[name=${name}]`).checked])),
});
let waiting = 0;

async function count() {
  const told = element.querySelector('output'), wanted = asked();
  const found = wanted.find.trim() ? await server.count_matches(wanted).catch(() => null) : null;
  told.textContent = found ? told.dataset.told.replace('0', found.count ?? 0).replace('0', found.calls ?? 0) : '';
  for (const button of element.querySelectorAll('button')) button.disabled = !wanted.find.trim();
  element.querySelector('[data-replace]').disabled = !found?.count;
}

element.addEventListener('input', () => {
  clearTimeout(waiting);
  waiting = setTimeout(count, 250);
});
element.addEventListener('click', async event => {
  if (event.target.closest('[data-replace]')) {
    await globalThis.alloSaved?.();
    const {entry} = await server.replace_all(asked()).catch(() => ({}));
    if (entry?.texts.length) document.dispatchEvent(new CustomEvent('call-edit', {detail: entry}));
    await globalThis.alloSaved?.();
    count();
  }
  if (event.target.closest('[data-expect]')) trigger('expect', {word: asked().put.trim() || asked().find.trim()});
});
