/** Reads the list of an import, in which one bad item must not stop a thousand others. */
import { InvalidFields } from '../platform/http/invalid-fields.js';
import { AdminRequestPipe } from './admin-request.pipe.js';

/** More than fit into a body of 16 KB. */
const MAX_ITEMS = 500;

export type CheckedItem<Item> = { readonly item: Item } | { readonly problems: readonly string[] };

const pipe = new AdminRequestPipe();

/**
 * @param body a list, or `{ [member]: [ … ] }`
 * @param type the class of an item, with its decorators
 * @throws InvalidFields if the body is neither
 */
export function importedItems<Item extends object>(
  body: unknown,
  member: string,
  type: new () => Item,
): Promise<CheckedItem<Item>[]> {
  return Promise.all(listIn(body, member).map((item) => check(item, type)));
}

async function check<Item extends object>(item: unknown, type: new () => Item): Promise<CheckedItem<Item>> {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return { problems: ['item must be an object'] };
  try {
    return { item: (await pipe.transform(item, { type: 'body', metatype: type })) as Item };
  } catch (error) {
    return { problems: problemsIn(error) };
  }
}

/** Each begins with the name of its field. @throws the error if it is no InvalidFields */
export function problemsIn(error: unknown): string[] {
  if (!(error instanceof InvalidFields)) throw error;
  return error.problems.map(({ field, detail }) => (detail.startsWith(field) ? detail : `${field} ${detail}`));
}

function listIn(body: unknown, member: string): unknown[] {
  const given = (Array.isArray(body) ? { [member]: body } : (body ?? {})) as Record<string, unknown>;
  const { [member]: items, ...rest } = given;
  if (Array.isArray(items) && items.length <= MAX_ITEMS && Object.keys(rest).length === 0) return items as unknown[];
  const detail = `${member} must be a list of ${MAX_ITEMS} ${member} at most, and be all there is`;
  throw new InvalidFields([{ field: member, detail }]);
}
