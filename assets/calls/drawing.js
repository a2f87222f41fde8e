// The server draws the call whenever something of the visit has changed, and gradio puts what it draws over the text that
// is being typed. What a call's editor has is newer than any drawing of it: there, gradio gets what it has drawn before.
// It asks for that in the component's template, which ui/calls/conversation.py has.
let drawnLast = null, begunWith = null; // HTML: what gradio has drawn last, and what the editor began with

globalThis.alloDrawn = html => {
  const next = opening(html);
  if (work && editable() && next?.era === work.era && next.editable !== undefined) {
    rename(JSON.parse(next.names));
    return drawnLast;
  }
  commit(); // to the call that was shown
  return drawnLast = html;
};

// What a drawing says of its call.
function opening(html) {
  const [tag] = html.match(/<ol class="dialogue"[^>]*>/) ?? [];
  return tag && new DOMParser().parseFromString(tag, 'text/html').querySelector('ol').dataset;
}

// Which side is the agent, the visit knows; what is typed here, this page.
function rename(names) {
  if (work.unsent.length) return; // the answer to those will tell
  state = {...state, names};
  label(0, state.turns.length);
}

function start() {
  if (drawnLast !== null && drawnLast === begunWith) return;
  begunWith = drawnLast;
  begin();
  watchOver();
  rove(rows()[0]);
}

// To the place that was chosen in all calls together.
function arrive() {
  const go = globalThis.alloGo;
  if (!go || go.call !== work?.call) return;
  const {turn} = go;
  globalThis.alloGo = null;
  focusOn(turn);
  seek(rows()[turn], false);
}

document.addEventListener('call-go', arrive);
watch('value', () => {
  start();
  arrive();
});
start();
