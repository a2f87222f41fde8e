// The queue of calls. What would be lost is asked about.
const corrections = row => row.hasAttribute('data-corrected');
element.addEventListener('click', event => {
  const button = event.target.closest('[data-act]'), row = event.target.closest('[data-call]');
  const act = button?.dataset.act ?? 'choose';
  if (!row && act !== 'clear') return;
  const wanted = act !== 'again' || corrections(row);
  if (button?.dataset.ask && wanted && !confirm(button.dataset.ask)) return;
  const lost = act === 'clear' ? [...element.querySelectorAll('[data-sound]')] : ['again', 'remove'].includes(act) ? [row] : [];
  if (lost.length) document.dispatchEvent(new CustomEvent('call-forget', {detail: lost.map(each => each.dataset.sound)}));
  trigger('act', {act, call: row ? Number(row.dataset.call) : null});
});
watch('value', () => document.dispatchEvent(new Event('call-queue')));

// Leaving asks while there is a call; not where gradio loads the page again after a lost connection.
addEventListener('beforeunload', event => {
  if (element.querySelector('[data-call]') && !document.querySelector('.toast-body.error')) event.preventDefault();
});
