// Makes what is clumsy with selects easy to do: putting items in order, and into groups. Without it, selects serve.

import { enhanceOrdering } from "./ordering";
import { enhancePlacing } from "./placing";

for (const question of document.querySelectorAll<HTMLElement>("fieldset.answer[data-kind='ordering']")) enhanceOrdering(question);
for (const question of document.querySelectorAll<HTMLElement>("fieldset.answer[data-kind='categorise']")) enhancePlacing(question);
