/** Secrets come from the terminal or standard input, because everyone on the machine can read arguments. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliError } from './cli-error.js';
import { intact } from './intact.js';

/** @returns the password typed twice without echo, or the first line of piped input @throws CliError */
export async function readPassword(): Promise<string> {
  const password = await typedOrPiped();
  return intact(password, 'The password is');
}

/** @returns the token typed without echo, or the first line of piped input @throws CliError */
export async function readToken(): Promise<string> {
  return process.stdin.isTTY ? ask('Token: ', 'token') : firstLine('token');
}

async function typedOrPiped(): Promise<string> {
  if (!process.stdin.isTTY) return firstLine('password');
  const password = await ask('Password: ');
  if ((await ask('Repeat the password: ')) !== password) throw new CliError('The two passwords differ.');
  return password;
}

function ask(prompt: string, secret = 'password'): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true });
  process.stderr.write(prompt);
  return new Promise<string>((resolve, reject) => {
    terminal.on('close', () => reject(new CliError(`No ${secret} was given.`)));
    terminal.question('', resolve);
  }).finally(() => {
    process.stderr.write('\n');
    terminal.close();
  });
}

async function firstLine(secret: string): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new CliError(`No ${secret} was given: type it, or pipe it in.`);
}
