// Counts the words of a text as they are typed, where a question asks to keep to some.

document.addEventListener("input", (event) => {
  const area = event.target;
  if (!(area instanceof HTMLTextAreaElement)) return;
  const counter = document.querySelector<HTMLElement>(`[data-words-of="${CSS.escape(area.id)}"]`);
  const now = counter?.querySelector<HTMLElement>("[data-words-now]");
  if (!counter || !now) return;
  const words = area.value.trim() ? area.value.trim().split(/\s+/).length : 0;
  now.textContent = String(words);
  counter.classList.toggle("is-over", words > Number(counter.dataset["most"]));
});

export {};
