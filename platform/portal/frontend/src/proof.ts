// A question's proof while it is carried out: asks for the panel at a slowing pace, and changes only what changed.
import { morph } from "./morph";

const FAST = 1_000;
const SLOW = 5_000;
const IDLE = 15_000;

function follow(): void {
  let pause = FAST;
  let shown = "";

  const again = () => setTimeout(() => void ask(), document.hidden ? IDLE : pause);

  const ask = async () => {
    const panel = document.getElementById("proof");
    const address = panel?.dataset["proofLive"];
    if (!panel || !address) return;
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (answer.redirected || answer.status === 403 || answer.status === 404) {
        location.reload();
        return;
      }
      if (answer.ok) {
        const html = await answer.text();
        const next = new DOMParser().parseFromString(html, "text/html").getElementById("proof");
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

follow();
