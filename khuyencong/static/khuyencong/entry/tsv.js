// Blocks of cells as Excel puts them on the clipboard: tabs, line ends, quotes round either.

export const writeBlock = (rows) =>
  rows
    .map((row) =>
      row.map((text) => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join("\t"),
    )
    .join("\n");

export const readBlock = (text) => {
  const rows = [];
  let row = [];
  let rest = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  if (rest.endsWith("\n")) rest = rest.slice(0, -1);
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?=[\t\n]|$)/.exec(rest);
    const plain = quoted ?? /^[^\t\n]*/.exec(rest);
    row.push(quoted ? quoted[1].replaceAll('""', '"') : plain[0]);
    rest = rest.slice(plain[0].length);
    if (rest.startsWith("\t")) {
      rest = rest.slice(1);
      continue;
    }
    rows.push(row);
    if (!rest) return rows;
    row = [];
    rest = rest.slice(1);
  }
};
