// The token of this tab: the one it had before it was loaded again. A tab that was copied gets another.
async () => {
  const made = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
  const held = token => new Promise(done => navigator.locks ? navigator.locks.request(`allo-${token}`, {ifAvailable: true}, lock => {
    done(Boolean(lock));
    return lock && new Promise(() => {});
  }) : done(true));
  let token = null;
  try {
    token = sessionStorage.getItem('allo-visit');
  } catch {} // refused: this page does without
  for (let tries = 0; token && !await held(token); tries++) {
    if (tries === 5) token = null;
    await new Promise(later => setTimeout(later, 300));
  }
  if (!token) {
    token = made();
    await held(token);
  }
  try {
    sessionStorage.setItem('allo-visit', token);
  } catch {}
  globalThis.alloToken = token;
  return [token];
}
