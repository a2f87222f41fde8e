// The dialogue follows the player and leads it, is searched, and corrected in place.
// gradio runs this once, as the body of a function of `element`, `trigger` and `watch`.
const player = () => document.querySelector('#call-player audio');
const list = () => element.querySelector('.dialogue');
const turns = () => element.querySelectorAll('[data-turn]');
const tell = (event, turn, more) =>
  trigger(event, {call: Number(list().dataset.call), turn: Number(turn.dataset.turn), ...more});

function seek(turn, play) {
  if (!player()) return;
  player().currentTime = Number(turn.dataset.start);
  if (play) player().play();
}

element.addEventListener('click', event => {
  const turn = event.target.closest('[data-turn]');
  if (!turn) return;
  const check = event.target.closest('.check');
  if (check) {
    check.setAttribute('aria-pressed', turn.classList.toggle('checked'));
    tell('check', turn);
  } else if (getSelection().isCollapsed) {
    seek(turn, event.target.closest('.time'));
  }
});

// Corrected: Enter or leaving tells it, Escape takes it back.
const said = event => event.target.closest?.('[contenteditable]');
element.addEventListener('focusin', event => {
  if (said(event)) said(event).dataset.before = said(event).textContent;
});
element.addEventListener('keydown', event => {
  const text = said(event);
  if (!text || !['Enter', 'Escape'].includes(event.key)) return;
  event.preventDefault();
  if (event.key === 'Escape') text.textContent = text.dataset.before;
  text.blur();
});
element.addEventListener('focusout', event => {
  const text = said(event);
  if (!text) return;
  const now = text.textContent.trim();
  if (!now) text.textContent = text.dataset.before;
  if (!now || now === text.dataset.before.trim()) return;
  const turn = text.closest('[data-turn]');
  text.className = 'sure';
  turn.classList.add('checked');
  turn.querySelector('.check').setAttribute('aria-pressed', true);
  tell('correct', turn, {text: now});
});

// The turn being spoken is marked, and brought into sight while it plays.
function show(turn) {
  const box = list(), top = turn.offsetTop;
  if (top < box.scrollTop || top + turn.offsetHeight > box.scrollTop + box.clientHeight)
    box.scrollTo({top: top - box.clientHeight / 3, behavior: 'smooth'});
}
document.addEventListener('timeupdate', event => {
  if (event.target !== player()) return;
  const {currentTime: time, paused} = event.target;
  const track = document.querySelector('#call-timeline .track');
  if (track) track.querySelector('.head').style.left = `${100 * time / track.dataset.seconds}%`;
  for (const turn of turns()) {
    const now = turn.dataset.start <= time && time < turn.dataset.end;
    if (now === turn.classList.contains('now')) continue;
    turn.classList.toggle('now', now);
    if (now && !paused) show(turn);
  }
}, true);

// Letters without accents, and the place of each in the text.
function fold(text) {
  const places = [];
  let folded = '';
  for (let i = 0; i < text.length; i++) {
    const plain = text[i].normalize('NFD').replace(/\p{M}/gu, '').replace('’', "'").toLowerCase();
    places.push(...Array(plain.length).fill(i));
    folded += plain;
  }
  return [folded, places];
}
function search() {
  const wanted = fold(document.querySelector('#call-search :is(input, textarea)')?.value ?? '')[0].trim();
  const ranges = [];
  let count = 0;
  for (const turn of turns()) {
    const text = turn.querySelector('p').firstChild, [folded, places] = fold(text.textContent);
    const before = ranges.length;
    for (let at = wanted ? folded.indexOf(wanted) : -1; at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
      const range = new Range();
      range.setStart(text, places[at]);
      range.setEnd(text, places[at + wanted.length - 1] + 1);
      ranges.push(range);
    }
    turn.hidden = Boolean(wanted) && ranges.length === before;
    count += !turn.hidden;
  }
  globalThis.CSS?.highlights?.set('found', new Highlight(...ranges));
  const told = element.querySelector('.found');
  if (told) told.textContent = wanted ? told.dataset.told.replace('0', count) : '';
}
document.addEventListener('input', event => { if (event.target.closest('#call-search')) search(); });
watch('value', search);
