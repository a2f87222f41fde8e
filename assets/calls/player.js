// The player: it is led by the dialogue and the keys, and marks the turn that is spoken.
const BACK = 3, REWIND = 1, SLOWEST = 0.5, FASTEST = 2; // seconds, and times the speed of speech
const player = () => document.querySelector('#call-player audio');
let speed = 1, turnToRepeat = null, pausedAt = null;

const PLAY = {
  toggle() {
    const audio = player();
    if (!audio) return;
    if (!audio.paused) return audio.pause();
    if (audio.currentTime === pausedAt) audio.currentTime -= Math.min(REWIND, pausedAt); // to hear it in its place
    audio.play();
  },
  back() {
    if (player()) player().currentTime = Math.max(0, player().currentTime - BACK);
  },
  slower: () => pace(speed - 0.1),
  faster: () => pace(speed + 0.1),
  repeat() {
    const audio = player(), row = current() ?? rows().find(row => row.classList.contains('now'));
    if (!audio || !row) return;
    turnToRepeat = row;
    audio.currentTime = +row.dataset.start;
    audio.play();
  },
};

function pace(wanted) {
  speed = Math.round(10 * Math.min(FASTEST, Math.max(SLOWEST, wanted))) / 10;
  const audio = player(), shown = document.querySelector('#call-player .speed');
  if (audio) [audio.preservesPitch, audio.playbackRate] = [true, speed];
  if (shown) shown.textContent = `${speed.toLocaleString(document.documentElement.lang || navigator.language, {minimumFractionDigits: 1})} ×`;
}

function seek(row, play) {
  const audio = player();
  if (!audio) return;
  turnToRepeat = null;
  audio.currentTime = +row.dataset.start;
  if (play) audio.play();
}

function show(row) {
  const box = list(), top = row.offsetTop;
  if (top < box.scrollTop || top + row.offsetHeight > box.scrollTop + box.clientHeight)
    box.scrollTo({top: top - box.clientHeight / 3, behavior: 'smooth'});
}

const onPlayer = (name, act) =>
  document.addEventListener(name, event => { if (event.target === player()) act(event.target); }, true);
onPlayer('loadedmetadata', () => pace(speed));
onPlayer('pause', audio => { pausedAt = audio.currentTime; button('▶'); });
onPlayer('play', () => button('❚❚'));
onPlayer('timeupdate', ({currentTime: time, paused}) => {
  const track = document.querySelector('#call-timeline .track');
  if (track) track.querySelector('.head').style.left = `${100 * time / track.dataset.seconds}%`;
  if (turnToRepeat && !paused && time >= turnToRepeat.dataset.end) {
    turnToRepeat = null;
    player().pause();
  }
  follow(time, !paused);
});
onPlayer('seeked', audio => follow(audio.currentTime, true));

function follow(time, seen) {
  for (const row of rows()) {
    const now = +row.dataset.start <= time && time < +row.dataset.end;
    if (now === row.classList.contains('now')) continue;
    row.classList.toggle('now', now);
    if (now && seen && !typing()) show(row);
  }
}
function button(sign) {
  const found = document.querySelector('#call-player [data-play="toggle"]');
  if (found) found.textContent = sign;
}

document.addEventListener('click', event => {
  const act = event.target.closest('#call-player [data-play]')?.dataset.play;
  if (act) PLAY[act]();
  if (event.target.closest('#call-player [data-keys]')) help();
});
