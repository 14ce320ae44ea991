/** Whether somebody scrolls, by the events of any list in the page. */

/** They come with every frame of the screen; after this long without one the list rests. */
const REST_MS = 150;

export function scrolling(page: EventTarget, clock: () => number): () => boolean {
  let last = Number.NEGATIVE_INFINITY;
  const scrolled = () => {
    last = clock();
  };
  // Captured, because a list's scroll event doesn't rise to the page.
  page.addEventListener('scroll', scrolled, { capture: true, passive: true });
  return () => clock() - last < REST_MS;
}
