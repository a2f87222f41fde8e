// The microphone, or a file played aloud, live: its sound goes to the server over a WebSocket, and the words come back while one speaks.
// Gradio's own streaming keeps the newest chunk only where the server is busy; here every sample arrives, in its order,
// and what a connection that broke off did not bring is sent again.
// gradio runs this once, as the body of a function of `element`, `trigger` and `watch`.
const KEPT = 60;  // seconds of sound that can be sent again
const TRIES = 40, PAUSE = 1500;  // to connect again: for as long
const SILENCE = 1e-3, LOUD = 0.999;  // of full scale
const DEAF = 5;  // seconds without any sound, after which the page says so
const LOST = 0.7;  // seconds between the clock and the sound that are no jitter

const part = name => element.querySelector(`[data-${name}]`);
const say = (name, seconds) => part('sentences').dataset[name].replace('{seconds}', seconds);
const clock = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
const decimal = (value, digits) =>
  value.toLocaleString(part('sentences').lang, {minimumFractionDigits: digits, maximumFractionDigits: digits});

// The audio thread gives int16, channels interleaved, in pieces of a twentieth of a second.
const TAKER = `registerProcessor('taker', class extends AudioWorkletProcessor {
  filled = 0;
  process([channels]) {
    this.piece ||= channels.length && new Int16Array(channels.length * Math.round(sampleRate / 20));
    for (let at = 0; at < (channels[0]?.length || 0); at++) {
      for (const samples of channels)
        this.piece[this.filled++] = Math.round(Math.max(-1, Math.min(1, samples[at])) * 32767);
      if (this.filled < this.piece.length) continue;
      this.port.postMessage(this.piece);
      this.filled = 0;
    }
    return true;
  }
})`;

let live = null;  // a press: from its first sample to the transcript
const SENTENCES = {  // by the name of the browser's error
  NotAllowedError: 'refused', SecurityError: 'refused', NotReadableError: 'busy', AbortError: 'busy', EncodingError: 'unreadable',
};

async function press(open) {
  if (live) return;
  if (!window.isSecureContext) return put('remark', say('insecure'));
  const own = live = {pieces: [], bytes: 0, turns: new Map(), level: 0, lag: 0, factor: 0, tries: 0, remark: '', quiet: 0, clipped: 0, lost: 0, drift: []};
  draw();
  try {
    const audio = own.audio = new AudioContext();
    audio.onstatechange = () => live === own && awake();
    const [source, channels] = await open(own);
    await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([TAKER], {type: 'text/javascript'})));
    own.channels = channels;
    const how = {numberOfOutputs: 0, channelCount: channels, channelCountMode: 'explicit'};
    const taker = new AudioWorkletNode(audio, 'taker', how);
    taker.port.onmessage = event => live === own && took(event.data);
    source.connect(taker);
    source.start?.();
  } catch (error) {
    if (live === own) over(say(SENTENCES[error.name] || 'absent'));
  }
  if (live !== own) return own.stream?.getTracks().forEach(track => track.stop());  // stopped before the browser's question was answered
  own.rate = own.audio.sampleRate;
  own.second = 2 * own.channels * own.rate;  // bytes
  own.timer = setInterval(draw, 200);
  trigger('begin');
}

async function microphone(own) {
  own.stream = await navigator.mediaDevices.getUserMedia({audio: {channelCount: 1}});
  const [track] = own.stream.getAudioTracks();
  track.onended = () => { remark('unplugged'); stop(); };
  track.onmute = () => { own.quiet = DEAF; };
  return [own.audio.createMediaStreamSource(own.stream), 1];
}

// Both sides of a call, where the file has them, each with turns of its own.
async function file(own, chosen) {
  const buffer = await own.audio.decodeAudioData(await chosen.arrayBuffer());
  const source = new AudioBufferSourceNode(own.audio, {buffer});
  source.connect(own.audio.destination);
  source.onended = () => live === own && stop();
  return [source, Math.min(2, buffer.numberOfChannels)];
}

function stop() {
  if (!live || live.stopped) return;
  const own = live;
  own.stopped = true;
  own.stream?.getTracks().forEach(track => track.stop());
  setTimeout(() => {  // what the audio thread has on the way still comes
    own.closed = true;
    own.audio?.close();
    if (own.ready) own.socket.send('end');
  }, 150);
  draw();
}

// Sound

function took(piece) {
  if (!live || live.closed) return;
  keep(piece);
  let peak = 0, clipped = 0, power = 0;
  for (const sample of piece) {
    const size = Math.abs(sample) / 32767;
    peak = Math.max(peak, size);
    power += size * size;
    clipped += size >= LOUD;
  }
  live.level = Math.max(Math.sqrt(power / piece.length), 0.8 * live.level);
  if (!live.stream || live.stopped) return;
  live.quiet = peak < SILENCE ? live.quiet + piece.byteLength / live.second : 0;
  live.clipped = 0.98 * live.clipped + clipped / piece.length;
  if (live.quiet > DEAF) remark('silent');
  else if (live.clipped > 0.5) remark('loud');
  else if (['silent', 'loud'].includes(live.why)) remark('');
  compare();
}

function keep(piece) {
  live.pieces.push({at: live.bytes, data: piece.buffer});
  live.bytes += piece.byteLength;
  while (live.bytes - live.pieces[0].at > KEPT * live.second) live.pieces.shift();
  if (live.ready) live.socket.send(piece.buffer);
}

// A computer that sleeps, or has no time for the microphone, gives less sound than time goes by.
function compare() {
  const now = performance.now();
  live.began ??= now - live.bytes / live.second * 1000;
  live.drift.push([now, (now - live.began) / 1000 - live.bytes / live.second]);
  while (now - live.drift[0][0] > 3000) live.drift.shift();
  const behind = Math.min(...live.drift.map(([, seconds]) => seconds));
  if (now - live.drift[0][0] < 2000 || behind < LOST) return;
  keep(new Int16Array(live.channels * Math.round(Math.min(behind, 10) * live.rate)));
  live.began = now - live.bytes / live.second * 1000;
  live.drift = [];
  lost(behind);
}

// A browser may take the sound away: a telephone while it rings, or one that hides the page.
function awake() {
  const is = live.audio.state;
  if (is === 'running' && live.why === 'paused') remark('');
  if (is === 'running' || is === 'closed') return;
  remark('paused');
  live.audio.resume();
}

function lost(seconds) {
  live.lost += seconds;
  remark('lost', decimal(live.lost, 1));
}

// Connection

function connect(session) {
  live.session = session;
  const url = new URL(`${location.origin}${location.pathname.replace(/\/?$/, '/')}live`);  // below a proxy's path too
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = new URLSearchParams({session, rate: live.rate, channels: live.channels, split: 1});
  const own = live, socket = own.socket = new WebSocket(url);
  socket.onmessage = event => live === own && own.socket === socket && receive(JSON.parse(event.data));
  socket.onclose = () => {
    if (live !== own || own.socket !== socket) return;
    own.ready = false;
    if (++own.tries > TRIES) return over(say('gone'));
    remark('again');
    setTimeout(() => live === own && connect(session), PAUSE);
  };
}

function receive(line) {
  if (line.kind === 'ready') return resume(line.received);
  if (line.kind === 'error') return over(line[part('sentences').lang]);
  if (line.kind === 'done') {
    const {session} = live;
    over(live.remark);
    return trigger('done', {session});
  }
  const key = `${line.channel}.${line.turn}`;
  const turn = live.turns.get(key) || {channel: line.channel, start: line.start, committed: '', tentative: ''};
  live.turns.set(key, turn);
  if (line.kind === 'tentative') turn.tentative = line.text;
  else {
    turn.committed = line.kind === 'final' ? line.text : `${turn.committed} ${line.text}`.trim();
    turn.tentative = '';
  }
  turn.final = line.kind === 'final';
  if (turn.final) turn.start = line.start;
  live.lag = line.lag;
  live.factor = line.factor;
  show(turn);
}

// What the server has not got yet is sent, the oldest first; it sends again what was said.
function resume(received) {
  live.turns.clear();
  list()?.replaceChildren();
  live.tries = 0;
  if (live.why === 'again') remark('');
  const first = live.pieces.length ? live.pieces[0].at : live.bytes;
  if (first > received) {
    live.socket.send(`lost ${first - received}`);
    lost((first - received) / live.second);
  }
  for (const {at, data} of live.pieces)
    if (at + data.byteLength > received) live.socket.send(data.slice(Math.max(0, received - at)));
  live.ready = true;
  if (live.closed) live.socket.send('end');
}

// The end: nothing is recorded any more, and what was said stays.
function over(sentence) {
  const own = live;
  stop();
  draw();
  live = null;
  clearInterval(own.timer);
  own.socket?.close(1000);
  draw();
  put('remark', sentence || '');
}

function remark(why, seconds) {
  if (!live) return;
  live.why = why;
  live.remark = why ? say(why, seconds) : '';
}

// What is shown

function draw() {
  const busy = live && !live.stopped;
  element.querySelector('.live').classList.toggle('recording', Boolean(busy));
  part('press').hidden = part('file').hidden = Boolean(live);
  part('stop').hidden = !busy;
  part('ending').hidden = !(live && live.stopped);
  part('facts').hidden = !live;
  if (!live) return;
  part('level').value = Math.min(1, live.level * 8);
  put('seconds', clock(live.second ? live.bytes / live.second : 0));
  put('lag', say('behind', decimal(live.lag, 1)));
  put('factor', decimal(live.factor, 2));
  put('remark', live.remark);
  live.level *= 0.7;
  if (list() && !list().hasChildNodes()) list().append(line('live-waiting', [['span', '', say('speak')]]));
}

function put(name, text) {
  if (part(name).textContent !== text) part(name).textContent = text;
}

const list = () => document.querySelector('#result .live-turns');

// Only the turn that changed is drawn anew: a reader may have selected another, and screen readers read what is new.
function show(turn) {
  const who = live.channels > 1 ? String.fromCharCode(65 + turn.channel) : '';
  const pieces = [
    ['time', 'at', clock(turn.start)], ['b', `voice-${turn.channel}`, who],
    ['span', 'committed', turn.committed], ['span', 'tentative', turn.tentative],
  ];
  const drawn = line(turn.final ? 'final' : 'open', pieces.filter(([, , text]) => text));
  list()?.querySelector('.live-waiting')?.remove();
  if (turn.node?.isConnected) turn.node.replaceWith(drawn);
  else list()?.append(drawn);
  turn.node = drawn;
  if (turn.final && !turn.committed) drawn.remove();
}

function line(kind, pieces) {
  const drawn = document.createElement('p');
  drawn.className = kind;
  for (const [name, piece, text] of pieces) {
    const found = document.createElement(name);
    found.className = piece;
    found.textContent = text;
    drawn.append(found, ' ');
  }
  return drawn;
}

element.addEventListener('click', event => {
  if (event.target.closest('[data-press]')) press(microphone);
  if (event.target.closest('[data-stop]')) live.rate ? stop() : over('');
});
element.addEventListener('change', event => {
  const [chosen] = event.target.files || [];
  if (chosen) press(own => file(own, chosen));
  event.target.value = '';
});
// The server has drawn this part anew: with a session to connect to, or with the reason why there is none.
watch('value', () => {
  const refusal = part('refusal');
  if (refusal && live) over(refusal.textContent);
  const session = part('session')?.dataset.session;
  if (session && live && !live.session) connect(session);
  if (live) draw();
  else if (!window.isSecureContext) put('remark', say('insecure'));
});
document.addEventListener('visibilitychange', () => live?.audio && !document.hidden && awake());
addEventListener('pagehide', () => live?.socket?.close(1000));
