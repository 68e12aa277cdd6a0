import { describe, expect, it } from '@jest/globals';
import { commonPasswords } from './common-passwords.js';
import { MAX_PASSWORD_BYTES, normalized, passwordFlaw, passwordProblem } from './password-policy.js';

const common = await commonPasswords();
const context = ['anna.bauer', 'anna.bauer@example.com', 'Rekey'];

const problemOf = (password: string, minCharacters = 8): string | undefined => {
  const flaw = passwordFlaw(password, { minCharacters, common, context });
  return flaw && passwordProblem(flaw, { minCharacters });
};

describe('a password', () => {
  it.each([
    ['of the minimum length', 'kx7Rvqpz'],
    ['of lower case only: there are no composition rules', 'umbrella gravel tango'],
    ['of digits only', '83920174650293'],
    ['of digits around one letter', '8392a174650293'],
    ['with spaces', 'four  words and  spaces'],
    ['in another script', '四十二個沒有人猜得到的字'],
    ['of 64 characters', 'abcdefg.'.repeat(7) + 'hijklmno'],
    ['of emoji', '🐙🌵🛵🎻🧶🪁🧲🪆'],
    ['with a control character', 'kx7R\u0007vqpz'],
    ['with the name of the user within', 'anna.bauer eats gravel'],
    ['with a common word within', 'password gravel tango'],
  ])('a password may be one %s', (_what, password) => {
    expect(problemOf(password)).toBeUndefined();
  });

  it('the length of a password is its code points in NFKC', () => {
    expect(problemOf('🐙🌵🛵🎻🧶🪁🧲')).toMatch(/at least 8/);
    expect(problemOf('\ufb03abcde')).toBeUndefined(); // the ligature is three letters
    expect(problemOf('e\u0301'.repeat(2) + 'kx7Rv')).toMatch(/at least 8/);
  });

  it('the minimum length is a setting', () => {
    expect(problemOf('umbrella gravel', 15)).toBeUndefined();
    expect(problemOf('umbrella grave', 15)).toBe('password must have at least 15 characters');
  });

  it('the maximum length is in bytes', () => {
    const random = Array.from({ length: MAX_PASSWORD_BYTES }, (_, i) => String.fromCharCode(33 + ((i * i) % 89))).join(
      '',
    );
    expect(problemOf(random)).toBeUndefined();
    expect(problemOf(`${random}x`)).toMatch(/1024 bytes at most/);
    expect(problemOf('字'.repeat(342))).toMatch(/1024 bytes at most/);
  });

  it.each([
    'password',
    'PassWord',
    'ｐａｓｓｗｏｒｄ',
    'qwertyuiop',
    'password1',
    'password!!',
    'iloveyou2024',
    'passwordpassword',
    '1qaz2wsx',
  ])('a password cannot be a common one: %s', (password) => {
    expect(problemOf(password)).toBe('password must not be one that many people use');
  });

  it.each(['anna.bauer', 'ANNA.BAUER@example.com', 'anna.bauer2024', 'anna.baueranna.bauer', 'rekeyrekey', 'Rekey123'])(
    'a password cannot be the name of the user or of the service: %s',
    (password) => {
      expect(problemOf(password)).toBe('password must not be the name of the user or of the service');
    },
  );

  it.each([
    'aaaaaaaaaaaa',
    'abababababab',
    'xyzxyzxyzxyz',
    '56789012345',
    'cdefghijkl',
    '98765432109',
    '字字字字字字字字',
  ])('a password cannot be a repetition or a sequence: %s', (password) => {
    expect(problemOf(password)).toBe('password must not be a repetition or a sequence');
  });

  it('a password must be text', () => {
    expect(problemOf('kx7Rvqpz\ud800')).toBe('password must be text');
  });

  it('an error never contains the password', () => {
    for (const password of ['shorty', 'password1', 'anna.bauer', 'zzzzzzzzzzz']) {
      expect(problemOf(password)).not.toContain(password);
    }
  });
});

it('a password is the same on every keyboard', () => {
  expect(normalized('Åsa ﬁ')).toBe(normalized('A\u030asa fi'));
});
