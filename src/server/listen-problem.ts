import type { Config } from '../platform/config/config.js';
import { StartProblem } from '../platform/config/start-problem.js';

type Address = Pick<Config, 'host' | 'port'>;

const notOurs = ({ host }: Address) => `HOST=${host} is no address of this machine.`;

const problems: Readonly<Record<string, (address: Address) => string>> = {
  EADDRINUSE: ({ host, port }) =>
    `Something else listens on ${host}, port ${port}. Stop it, or choose another port by PORT=.`,
  EACCES: ({ port }) => `This user may not listen on port ${port}. Choose one above 1023 by PORT=.`,
  EADDRNOTAVAIL: notOurs,
  ENOTFOUND: notOurs,
};

/** @returns what an operator can do about an address that cannot be listened on; any other error as it is */
export function listenProblem(error: Error & { code?: string }, address: Address): Error {
  const sentence = problems[error.code ?? '']?.(address);
  return sentence === undefined ? error : new StartProblem(sentence);
}
