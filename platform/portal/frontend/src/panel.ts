// A panel about work that goes on elsewhere: asks for it at a slowing pace, and changes only what changed.
import { morph } from "./morph";

const FAST = 1_000;
const SLOW = 5_000;
const IDLE = 15_000;

/** Follow the element `id` for as long as its data attribute `live` holds the address of its newest state. */
export function followPanel(id: string, live: string): void {
  let pause = FAST;
  let shown = "";

  const again = () => setTimeout(() => void ask(), document.hidden ? IDLE : pause);

  const ask = async () => {
    const panel = document.getElementById(id);
    const address = panel?.dataset[live];
    if (!panel || !address) return;
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (answer.redirected || answer.status === 403 || answer.status === 404) {
        location.reload();
        return;
      }
      if (answer.ok) {
        const html = await answer.text();
        const next = new DOMParser().parseFromString(html, "text/html").getElementById(id);
        pause = html === shown ? Math.min(SLOW, pause * 1.25) : FAST;
        shown = html;
        if (next) morph(panel, next);
      }
    } catch {
      // Offline or restarting: what is shown stays, and is asked for again.
      pause = SLOW;
    }
    again();
  };

  again();
}
