// Search in the dialogue: without regard to case and accents.
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
  for (const turn of rows()) {
    const text = turn.querySelector('p').firstChild ?? new Text(), [folded, places] = fold(text.textContent);
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
