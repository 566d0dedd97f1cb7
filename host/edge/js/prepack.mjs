// Makes edge/ of edge.wasm, before the package is packed. Nobody who installs it runs this.
//
//   cargo run --package action-triggers-cli --features edge -- component --output target/edge
//   cd host/edge/js && npm install && npm pack
//
// ACTION_TRIGGERS_EDGE names another folder that `component` wrote.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
// From 1.34 on its code compiles a module in place, which workers forbid.
import { transpile } from "@bytecodealliance/jco";

const here = dirname(fileURLToPath(import.meta.url));
const from = process.env.ACTION_TRIGGERS_EDGE ?? join(here, "../../../target/edge");

async function checked(name) {
  const bytes = await readFile(join(from, name)).catch((error) => {
    throw new Error(`${error.message}\nWrite it with: action-triggers component --output ${from} (feature \`edge\`)`);
  });
  const sums = await readFile(join(from, "SHA256SUMS"), "utf8");
  const sum = createHash("sha256").update(bytes).digest("hex");
  if (!sums.split("\n").includes(`${sum}  ${name}`)) {
    throw new Error(`${join(from, name)} is not the file that SHA256SUMS tells of: write both anew`);
  }
  return { bytes, sum };
}

const { bytes, sum } = await checked("edge.wasm");
const { files } = await transpile(bytes, { name: "edge", instantiation: "async", noTypescript: true });
await rm(join(here, "edge"), { recursive: true, force: true });
await mkdir(join(here, "edge"), { recursive: true });
const isWanted = (name) => name.endsWith(".js") || name.endsWith(".wasm");
for (const [name, content] of Object.entries(files)) {
  if (isWanted(name)) await writeFile(join(here, "edge", name), content);
}
await writeFile(join(here, "edge", "SHA256"), `${sum}\n`);

// Workers name the modules outright.
const modules = Object.keys(files).filter((name) => name.endsWith(".wasm"));
const imports = modules.map((name, place) => `import module${place} from "./${name}";\n`);
const members = modules.map((name, place) => `  "${name}": module${place},\n`);
await writeFile(join(here, "edge", "modules.js"), `${imports.join("")}\nexport default {\n${members.join("")}};\n`);
