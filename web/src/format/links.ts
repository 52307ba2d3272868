/** Splits text into words and web addresses, so that addresses can be shown as links. */
export type Piece = { text: string; href?: string };

const ADDRESS = /https?:\/\/[^\s<>"]+/g;

/** Punctuation that ends the sentence rather than the address. */
function trimmed(address: string): string {
  let end = address.replace(/[.,;:!?'’”]+$/, "");
  // A closing bracket belongs to the address only when the address opened it.
  while (end.endsWith(")") && end.split("(").length < end.split(")").length) end = end.slice(0, -1);
  return end;
}

export function pieces(text: string): Piece[] {
  const result: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const href = trimmed(match[0]);
    if (match.index > from) result.push({ text: text.slice(from, match.index) });
    result.push({ text: href, href });
    from = match.index + href.length;
  }
  if (from < text.length) result.push({ text: text.slice(from) });
  return result;
}
