// How to ask the same by curl and from Python.

import { withQuery } from "./server.js";

/** The two calls, as text. `asked`: the query parameters; `needsKey`: whether a key has to be sent. */
export function calls(asked, name, needsKey) {
  const file = /^[\w.-]+$/.test(name) ? name : "photo.jpg";
  const address = new URL("predict", document.baseURI).href;
  return { curl: curl(address, asked, file, needsKey), python: python(address, asked, file, needsKey) };
}

function curl(address, asked, file, needsKey) {
  const header = needsKey ? ` \\\n  -H "Authorization: Bearer $LINNAEUS_KEY"` : "";
  return `curl -F images=@${file}${header} \\\n  '${withQuery(address, asked)}'`;
}

function python(address, asked, file, needsKey) {
  const headers = [
    `"Content-Type": "application/octet-stream"`,
    ...(needsKey ? [`"Authorization": "Bearer " + os.environ["LINNAEUS_KEY"]`] : []),
  ];
  return [
    "import json",
    ...(needsKey ? ["import os"] : []),
    "from urllib.request import Request, urlopen",
    "",
    `with open("${file}", "rb") as picture:`,
    "    asked = Request(",
    `        "${withQuery(address, asked)}",`,
    "        picture.read(),",
    `        {${headers.join(", ")}},`,
    "    )",
    "answer = json.load(urlopen(asked))",
    `print(answer["predictions"][0]["label"])`,
  ].join("\n");
}
