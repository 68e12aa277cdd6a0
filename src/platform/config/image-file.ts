/** A setting that names an image file. It is read once at the start, so that a bad file is a configuration error. */
import { readFileSync, statSync } from 'node:fs';
import { SettingProblem, type Parse } from './setting.js';

const MAX_BYTES = 64 * 1024;

const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/** The first element, after byte order mark, declaration and comments. Browsers run no scripts of an SVG in `<img>`. */
const SVG_START = /^\uFEFF?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE[^>[]*>\s*)*<svg[\s>]/s;

/** @returns the image as a `data:` URI */
export const imageFile: Parse<string | undefined> = (path) => {
  const bytes = contentOf(path);
  const type = bytes && typeOf(bytes);
  if (!type) throw new SettingProblem(`must be the path of an SVG or PNG file of at most ${MAX_BYTES / 1024} KiB`);
  return `data:${type};base64,${bytes.toString('base64')}`;
};

function contentOf(path: string): Buffer | undefined {
  try {
    const { size } = statSync(path);
    return size <= MAX_BYTES ? readFileSync(path) : undefined;
  } catch {
    // To the operator an unreadable file is the same mistake; the message does not contain the path.
    return undefined;
  }
}

function typeOf(bytes: Buffer): 'image/png' | 'image/svg+xml' | undefined {
  if (bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)) return 'image/png';
  return SVG_START.test(bytes.toString('utf8')) ? 'image/svg+xml' : undefined;
}
