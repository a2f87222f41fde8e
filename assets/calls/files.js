// Files are made when they are asked for.
async function take(format) {
  const told = element.querySelector('.made');
  told.textContent = '';
  await globalThis.alloSaved?.();
  const made = await server.make_file({token: globalThis.alloToken, format}).catch(() => null);
  if (!made?.address) {
    told.textContent = made?.error ?? told.dataset.failed;
    return;
  }
  const link = Object.assign(document.createElement('a'), {href: made.address, download: made.name});
  document.body.append(link);
  link.click();
  link.remove();
}
element.addEventListener('click', event => {
  const {format} = event.target.closest('[data-format]')?.dataset ?? {};
  if (format) take(format);
});
element.addEventListener('change', event => {
  if (event.target.matches('select') && event.target.value) take(event.target.value);
  event.target.value = '';
});
