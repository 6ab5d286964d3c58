// Prints each error of the official AsyncAPI parser about a document, and fails if there is any (E16).
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

const ERROR = 0;

new Parser().parse(readFileSync(process.argv[2], "utf8")).then(({ document, diagnostics }) => {
    const errors = diagnostics.filter(diagnostic => diagnostic.severity === ERROR);
    for (const error of errors) console.error(`${error.path.join(".")}: ${error.message}`);
    if (document === undefined && errors.length === 0) console.error("no document was read");
    process.exit(document === undefined || errors.length > 0 ? 1 : 0);
});
