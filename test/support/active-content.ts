/** Detects injected markup: tags of a page that could run, load or navigate. */

const TAG = /<([a-z][^\s/>]*)((?:[^">]|"[^"]*")*)>/gi;
const ATTRIBUTE = /([^\s"=>/]+)(?:="([^"]*)")?/g;

const RUNNING_TAGS = ['script', 'iframe', 'object', 'embed', 'base', 'foreignobject', 'animate', 'set', 'template'];

/** @returns the tags that our pages never contain; the script of the form_post page is one of them */
export function activeContentIn(html: string): string[] {
  return [...html.matchAll(TAG)].filter(([, name, attributes]) => isActive(name!, attributes!)).map(([tag]) => tag);
}

function isActive(name: string, attributes: string): boolean {
  if (RUNNING_TAGS.includes(name.toLowerCase())) return true;
  return [...attributes.matchAll(ATTRIBUTE)].some(([, attribute, value = '']) => {
    const key = attribute!.toLowerCase();
    if (key.startsWith('on') || key === 'srcdoc' || key === 'style' || key === 'http-equiv') return true;
    return ['href', 'src', 'action', 'formaction'].includes(key) && /^\s*(?:javascript|vbscript):/i.test(value);
  });
}
