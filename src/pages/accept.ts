/** Content negotiation (RFC 9110 §12.5): what a header like `Accept` or `Accept-Language` asks for. */

/** The ranges of the header in lower case, the most wanted first. What cannot be read is not wanted. */
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

/** Whether it names HTML, and nothing that programs read before it: browsers do, while `curl` takes anything. */
export const prefersHtml = (accept: string | undefined): boolean =>
  rangesOf(accept).find((range) => range === HTML || JSON_TYPES.includes(range)) === HTML;

export function acceptsJsonOnly(accept: string | undefined): boolean {
  const ranges = rangesOf(accept);
  return ranges.length > 0 && ranges.every((range) => range === 'application/json');
}
