// The token that Django wants with every POST. The cookie's is the newest: signing in again, in any tab, changes it,
// and a page that was open before goes on with what the cookie says now.

const COOKIE = "drydock_csrf=";
const FIELD = "input[name=csrfmiddlewaretoken]";

function inCookie(): string | undefined {
  return document.cookie
    .split("; ")
    .find((part) => part.startsWith(COOKIE))
    ?.slice(COOKIE.length);
}

export function csrfToken(): string {
  return inCookie() ?? document.querySelector<HTMLInputElement>(FIELD)?.value ?? "";
}

/** Puts the newest token into the forms that are there, so that none is refused for its age. */
export function renewTokens(within: ParentNode = document): void {
  const newest = inCookie();
  if (newest) within.querySelectorAll<HTMLInputElement>(FIELD).forEach((field) => (field.value = newest));
}

/** Asks for the page once more, in case the browser let go of the cookie: the reply brings a new one. */
export async function askForToken(): Promise<void> {
  await fetch(location.href, { method: "HEAD", redirect: "manual", cache: "no-store" });
}
