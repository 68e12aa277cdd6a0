import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { kindAt, type PasswordKind } from './password-kinds.js';

const kind = (name: string, users: number): PasswordKind => ({ name, users, example: `${name}$…` });
const placed = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the kind of an unknown username', () => {
  it('the kinds have the same shares among unknown usernames as among users', () => {
    const kinds = [kind('bcrypt', 30), kind('pbkdf2', 10), kind('current', 60)];
    const names = Array.from({ length: 1000 }, (_, index) => kindAt(kinds, index / 1000)!.name);
    const counts = kinds.map(({ name }) => names.filter((one) => one === name).length);
    expect(counts).toEqual([300, 100, 600]);
  });

  it('an unknown username gets an existing kind, and none if there are no users', () => {
    expect(kindAt([], 0.5)).toBeUndefined();
    const users = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(fc.array(users, { minLength: 1, maxLength: 5 }), placed, (counts, place) => {
        const kinds = counts.map((count, index) => kind(`k${index}`, count));
        expect(kinds).toContain(kindAt(kinds, place));
      }),
    );
  });

  it('the kind of an unknown username changes to the current one once, as users sign in', () => {
    fc.assert(
      fc.property(placed, fc.integer({ min: 1, max: 60 }), (place, imported) => {
        const life = Array.from(
          { length: imported + 1 },
          (_, signedIn) => kindAt([kind('bcrypt', imported - signedIn), kind('current', signedIn)], place)!.name,
        );
        expect(life).toEqual([...life].sort());
        expect(life.at(-1)).toBe('current');
      }),
    );
  });
});
