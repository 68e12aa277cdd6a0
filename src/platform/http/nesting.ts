/** No valid body has more than a handful of levels. */
export const MAX_LEVELS = 32;

/** Recursive code, such as class-transformer and `JSON.stringify`, overflows the stack at some thousand levels. */
export const isTooDeep = (value: unknown, levels = MAX_LEVELS): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((member) => isTooDeep(member, levels - 1)));
