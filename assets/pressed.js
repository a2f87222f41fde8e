// What is drawn again between the pointer's going down and coming up gets no click: what lies under it both times counts.
// `told(event)` is what a press there asks for, or nothing.
function pressed(told, then) {
  let down = null;
  const asked = event => JSON.stringify(told(event) || null);
  element.addEventListener('pointerdown', event => { down = event.button ? null : asked(event); });
  element.addEventListener('pointerup', event => {
    if (down === asked(event) && down !== 'null') then(JSON.parse(down));
    down = null;
  });
  element.addEventListener('click', event => {
    if (!event.detail && told(event)) then(told(event));  // by the keyboard
  });
}
