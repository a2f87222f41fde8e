// All calls together: what is typed is asked of the server, and a place leads into its call.
let waiting = 0;
async function see() {
  const panel = element.querySelector('details');
  if (!panel?.open) return;
  const asked = Object.fromEntries(['find', 'watch', 'pattern', 'sort'].map(name => [name, panel.querySelector(`[name=${name}]`).value]));
  const {html} = await server.see_all({token: globalThis.alloToken, ...asked}).catch(() => ({}));
  if (html !== undefined) panel.querySelector('.found-all').innerHTML = html;
}
const later = () => {
  clearTimeout(waiting);
  waiting = setTimeout(see, 300);
};
element.addEventListener('input', event => {
  if (event.target.name === 'agent') trigger('agent', {side: event.target.value});
  later();
});
element.addEventListener('toggle', see, true);
document.addEventListener('call-queue', later);
element.addEventListener('click', event => {
  const {go, turnAt} = event.target.closest('[data-go]')?.dataset ?? {};
  if (!go) return;
  globalThis.alloGo = {call: Number(go), turn: Number(turnAt ?? 0)};
  document.dispatchEvent(new Event('call-go'));
  trigger('go', {call: Number(go), act: 'choose'});
});
