// Run once the page is there.
() => {
  // The tab stands in the address, so that a link leads to one.
  const tab = id => document.getElementById(`${id}-button`);
  document.addEventListener('click', event => {
    const chosen = event.target.closest('[role=tab]');
    if (chosen?.id.endsWith('-button')) history.replaceState(null, '', `${location.pathname}${location.search}#${chosen.id.slice(0, -7)}`);
  });
  addEventListener('hashchange', () => tab(location.hash.slice(1))?.click());
  if (location.hash) tab(location.hash.slice(1))?.click();

  // The link to the other language keeps the rest of the address.
  document.addEventListener('click', event => {
    const link = event.target.closest('#language a');
    if (!link) return;
    event.preventDefault();
    const there = new URL(location);
    there.searchParams.set('lang', link.hreflang);
    location.assign(there);
  });

  // A field's list closes where Tab leaves it: gradio closes it at Escape alone.
  document.addEventListener('keydown', event => {
    if (event.key === 'Tab' && event.target.matches('input[role=listbox], input[role=combobox]'))
      event.target.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));
  }, true);
}
