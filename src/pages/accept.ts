/** Content negotiation (RFC 9110 §12.5) for headers like `Accept` and `Accept-Language`. */

/** The ranges of the header in lower case, most preferred first; invalid ones are dropped. */
export function rangesOf(header = ''): string[] {
  return header
    .split(',')
    .map((item) => {
      const [range = '', ...parameters] = item.split(';').map((part) => part.trim());
      const quality = parameters.find((parameter) => /^q=/i.test(parameter));
      return { range: range.toLowerCase(), weight: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ weight }) => weight > 0 && weight <= 1)
    .sort((a, b) => b.weight - a.weight)
    .map(({ range }) => range);
}

const HTML = 'text/html';
const JSON_TYPES = ['application/json', 'application/problem+json'];

/** Whether the header names HTML, and no format for programs before it: browsers send that, `curl` accepts anything. */
export const prefersHtml = (accept: string | undefined): boolean =>
  rangesOf(accept).find((range) => range === HTML || JSON_TYPES.includes(range)) === HTML;

export function acceptsJsonOnly(accept: string | undefined): boolean {
  const ranges = rangesOf(accept);
  return ranges.length > 0 && ranges.every((range) => range === 'application/json');
}
