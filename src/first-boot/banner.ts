/** The banner of an embedded service: its address, the credentials, and commands to try. */
import { credentialsFile, type Credentials } from './credentials-file.js';

export interface Start {
  readonly url: string;
  readonly dataDir: string;
  readonly credentials: Credentials;
  /** Whether the credentials were just created. */
  readonly areNew: boolean;
  /** Absent if it is switched off. */
  readonly consoleUrl?: string | undefined;
  readonly demoClient?: { readonly url: string; readonly isRunning: boolean } | undefined;
}

const DEFAULT_DATA_DIR = './data';

export function banner(start: Start): string {
  const { url, dataDir } = start;
  return [
    `Rekey listens on ${url} (embedded database in ${dataDir}).`,
    ...secrets(start, credentialsFile(dataDir)),
    ...signIn(start),
    ...(start.consoleUrl
      ? [`See users, clients and sessions in the console, as the same user: ${start.consoleUrl}`]
      : []),
    '',
    'In another terminal, as often as you like: refresh, refresh again, introspect, revoke, in a session of its own.',
    `  ${dataDir === DEFAULT_DATA_DIR ? '' : `REKEY_DATA_DIR=${quoted(dataDir)} `}npm run try`,
  ].join('\n');
}

const quoted = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`;

function secrets({ credentials, areNew }: Start, file: string): string[] {
  if (!areNew) {
    return [`The credentials of its clients and its demo user are in ${file}.`];
  }
  const { adminClientId, adminClientSecret } = credentials;
  return [
    ...(adminClientId ? [`  admin client   ${adminClientId} : ${adminClientSecret}`] : []),
    `  shell client   ${credentials.demoClientId} : ${credentials.demoClientSecret}`,
    `  demo user      ${credentials.demoUsername} : ${credentials.demoPassword}`,
    `Stored in ${file}, and not shown again.`,
  ];
}

function signIn({ demoClient, credentials: { demoUsername } }: Start): string[] {
  if (!demoClient) return [];
  const { url, isRunning } = demoClient;
  return isRunning
    ? ['', `Sign in as ${demoUsername} at the demo client: ${url}`]
    : ['', `The demo client was not started: something else listens at ${url}`];
}
