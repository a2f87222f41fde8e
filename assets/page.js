// Run once the page is there.
() => {
  // The tab stands in the address, so that a link leads to one.
  const tab = id => document.getElementById(`${id}-button`);
  document.addEventListener('click', event => {
    const chosen = event.target.closest('[role=tab]');
    if (chosen?.id.endsWith('-button')) history.replaceState(null, '', `#${chosen.id.slice(0, -7)}`);
  });
  addEventListener('hashchange', () => tab(location.hash.slice(1))?.click());
  if (location.hash) tab(location.hash.slice(1))?.click();

  // A field's list closes where Tab leaves it: gradio closes it at Escape alone.
  document.addEventListener('keydown', event => {
    if (event.key === 'Tab' && event.target.matches('input[role=listbox], input[role=combobox]'))
      event.target.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));
  }, true);
}
