// Checks workflows and action manifests with the checker of GitHub's own editor extension.
//
//   node node_modules/.build/validate.cjs FILE...
//
// Prints one line per finding and ends with 1 if there is one, hints included: nothing the checker says is ignored.
// A file that cannot be read is an error. Reaches no network: what `uses:` names of this repository is read here, by
// its public address too, so that a caller is checked against the workflow it calls; all else is not fetched.
import {readFile} from "node:fs/promises";
import {resolve} from "node:path";
import {pathToFileURL} from "node:url";

import {validate} from "@actions/languageservice";
import {TextDocument} from "vscode-languageserver-textdocument";

const OURS = {owner: "llm-d", repository: "release-actions"};

// The checker does not know cache-mode yet; tests/manifests checks it. The line stays, so that others keep their number.
async function readWorkflow(path) {
  return (await readFile(resolve(path), "utf8")).replaceAll(/^ +cache-mode: [a-z-]+$/gm, "");
}

const fileProvider = {
  async getFileContent({owner, repository, path}) {
    if (owner !== undefined && (owner !== OURS.owner || repository !== OURS.repository)) {
      throw new Error(`${owner}/${repository} is another repository`);
    }
    return {name: path, content: await readWorkflow(path)};
  },
};

async function main(files) {
  if (files.length === 0) {
    console.error("usage: validate.cjs FILE...");
    return 2;
  }
  let findings = 0;
  for (const file of files) {
    const text = await readWorkflow(file);
    // The checker tells an action manifest from a workflow by its address, so the real one is given.
    const document = TextDocument.create(pathToFileURL(resolve(file)).href, "yaml", 1, text);
    for (const {range, message} of await validate(document, {fileProvider})) {
      findings += 1;
      console.log(`${file}:${range.start.line + 1}:${range.start.character + 1}: ${message}`);
    }
  }
  console.log(`${files.length} files, ${findings} findings`);
  return findings === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    console.error(error);
    process.exit(3);
  },
);
