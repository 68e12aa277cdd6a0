/** The most common passwords, in lower case: they are guessed first. */

let loaded: Promise<ReadonlySet<string>> | undefined;

/** Some 50,000; loaded when the first password is set (25 ms, 5 MB), because most processes never set one. */
export function commonPasswords(): Promise<ReadonlySet<string>> {
  loaded ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => new Set(dictionary['passwords-common']));
  return loaded;
}
