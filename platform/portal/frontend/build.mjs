// Bundles the portal's styles and scripts into ../static/portal/build under stable names;
// whitenoise adds the content hash when static files are collected.
import { context, build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const options = {
  entryPoints: {
    portal: here("src/portal.css"),
    main: here("src/main.ts"),
    quiz: here("src/quiz.ts"),
    answering: here("src/answering.ts"),
    editor: here("src/editor.ts"),
    live: here("src/live.ts"),
    marking: here("src/marking.ts"),
    console: here("src/console.ts"),
    proof: here("src/proof.ts"),
    import: here("src/import.ts"),
  },
  outdir: here("../static/portal/build"),
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome123", "firefox120", "safari17.5"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "info",
};

if (process.argv.includes("--watch")) {
  const watching = await context(options);
  await watching.watch();
} else {
  await build(options);
}
