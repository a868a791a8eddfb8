// Leaving a page of a try: not before the server can be reached, so that the browser never shows its own error.

import { backoff } from "./sending";

/** Whether the server answers now; what it answers does not matter as long as it is itself. */
export async function isReachable(url: string): Promise<boolean> {
  try {
    const reply = await fetch(url, { method: "HEAD", redirect: "manual", cache: "no-store" });
    return reply.type === "opaqueredirect" || reply.status < 500;
  } catch {
    return false;
  }
}

/** Waits until the server answers; `away` hears of each failed try. */
export async function untilReachable(url: string, away: () => void): Promise<void> {
  for (let failures = 0; !(await isReachable(url)); failures += 1) {
    away();
    await new Promise<void>((done) => {
      const go = (): void => {
        clearTimeout(timer);
        window.removeEventListener("online", go);
        done();
      };
      const timer = setTimeout(go, backoff(failures));
      window.addEventListener("online", go);
    });
  }
}

/** Waits until `done`, for so many milliseconds at most; says whether it came true. */
export async function within(milliseconds: number, done: () => boolean): Promise<boolean> {
  const until = Date.now() + milliseconds;
  while (!done()) {
    if (Date.now() > until) return false;
    await new Promise((next) => setTimeout(next, 30));
  }
  return true;
}
