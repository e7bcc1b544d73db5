// What the keyboard of a phone leaves of the window, for the style sheet: the room
// is as high as what is left, and so its composer is above the keyboard.
export function followKeyboard(root: HTMLElement = document.documentElement): () => void {
  const view = window.visualViewport;
  if (!view) return () => {};
  const look = () => {
    const keyboard = Math.max(0, Math.round(innerHeight - view.height - view.offsetTop));
    root.style.setProperty('--keyboard', `${view.scale > 1 ? 0 : keyboard}px`);
    root.style.setProperty('--view-top', `${view.scale > 1 ? 0 : Math.max(0, Math.round(view.offsetTop))}px`);
  };
  look();
  view.addEventListener('resize', look);
  view.addEventListener('scroll', look);
  return () => {
    view.removeEventListener('resize', look);
    view.removeEventListener('scroll', look);
  };
}
