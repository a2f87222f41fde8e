// Where one was reading is found again: after another tab, and after the page was loaded again.
const placeOf = () => `allo-place-${list()?.dataset.era}`;
element.addEventListener('scroll', event => {
  if (event.target !== list() || !list().offsetParent) return;
  try {
    sessionStorage.setItem(placeOf(), list().scrollTop);
  } catch {} // refused: one begins at the top
}, true);
function readOn() {
  try {
    if (list()) list().scrollTop = Number(sessionStorage.getItem(placeOf()) ?? 0);
  } catch {}
}
new IntersectionObserver(([{isIntersecting}]) => { if (isIntersecting && !list()?.scrollTop) readOn(); }).observe(element);
watch('value', readOn);
