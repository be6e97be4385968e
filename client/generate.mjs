// Types from the server's own documents; `--check` only says whether they are current.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { compile } from "json-schema-to-typescript";
import openapiTS, { astToString } from "openapi-typescript";

const HEADER = "// Made by `make client-types`; do not edit.\n";
const at = (path) => new URL(path, import.meta.url);
const read = (path) => JSON.parse(readFileSync(at(path), "utf8"));

/** The bounds of a body's fields, so that the form refuses what the server would refuse. */
function limitsOf(schema) {
  const kept = ["minimum", "maximum", "default", "enum", "pattern", "description"];
  const entries = Object.entries(schema.properties).map(([name, property]) => {
    const found = Object.fromEntries(
      kept.filter((key) => key in property).map((key) => [key, property[key]]),
    );
    if (Array.isArray(found.enum)) found.enum = found.enum.filter((each) => each !== null);
    return [name, { ...found, required: (schema.required ?? []).includes(name) }];
  });
  return Object.fromEntries(entries);
}

async function messagesOf(document) {
  const definitions = document.components.schemas;
  const text = JSON.stringify({
    title: "Messages",
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(document.channels).map(([event, channel]) => [event, channel.messages[event].payload]),
    ),
    required: Object.keys(document.channels),
    components: { schemas: definitions },
  });
  return compile(JSON.parse(text), "Messages", {
    bannerComment: "",
    unreachableDefinitions: true,
    additionalProperties: false,
  });
}

async function generated() {
  const openapi = read("openapi.json");
  const body = openapi.components.schemas.StartTraining;
  return {
    "src/api/schema.ts": astToString(await openapiTS(openapi, { defaultNonNullable: false })),
    "src/api/messages.ts": await messagesOf(read("asyncapi.json")),
    "src/api/limits.ts": `export const START_TRAINING = ${JSON.stringify(limitsOf(body), null, 2)} as const;\n`,
  };
}

const stale = [];
for (const [path, text] of Object.entries(await generated())) {
  const wanted = HEADER + text;
  if (existsSync(at(path)) && readFileSync(at(path), "utf8") === wanted) continue;
  stale.push(path);
  if (!process.argv.includes("--check")) writeFileSync(at(path), wanted);
}
if (process.argv.includes("--check") && stale.length) {
  console.error(`${stale.join(", ")} do not fit the server's documents: run \`make client-types\``);
  process.exit(1);
}
