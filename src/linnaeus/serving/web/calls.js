// How to ask the same by curl and from Python.

import { withQuery } from "./server.js";

/** The two calls, as text. `asked`: the query parameters; `needsKey`: whether a key has to be sent. */
export function calls(asked, name, needsKey) {
  const address = withQuery(new URL("predict", document.baseURI).href, asked);
  return { curl: curl(address, name, needsKey), python: python(address, name, needsKey) };
}

function curl(address, file, needsKey) {
  const header = needsKey ? ` \\\n  -H "Authorization: Bearer $LINNAEUS_KEY"` : "";
  const plain = /^[\w.-]+$/.test(file);
  const part = plain ? `images=@${file}` : inShell(`images=@"${file.replace(/["\\]/g, "\\$&")}"`);
  return `curl -F ${part}${header} \\\n  ${inShell(address)}`;
}

function inShell(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function python(address, file, needsKey) {
  const headers = [
    `"Content-Type": "application/octet-stream"`,
    ...(needsKey ? [`"Authorization": "Bearer " + os.environ["LINNAEUS_KEY"]`] : []),
  ];
  return [
    "import json",
    ...(needsKey ? ["import os"] : []),
    "from urllib.request import Request, urlopen",
    "",
    `with open(${JSON.stringify(file)}, "rb") as picture:`,
    "    asked = Request(",
    `        ${JSON.stringify(address)},`,
    "        picture.read(),",
    `        {${headers.join(", ")}},`,
    "    )",
    "answer = json.load(urlopen(asked))",
    `print(answer["predictions"][0]["label"])`,
  ].join("\n");
}
