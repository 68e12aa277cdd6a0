/** The banner of an embedded service: its address, the credentials, and commands to try. */
import { credentialsFile, type Credentials } from './credentials-file.js';

export interface Start {
  readonly url: string;
  readonly dataDir: string;
  readonly credentials: Credentials;
  /** Whether the credentials were just created. */
  readonly areNew: boolean;
  readonly demoClient?: { readonly url: string; readonly isRunning: boolean } | undefined;
}

const member = (name: string): string => `sed 's/.*"${name}":"\\([^"]*\\)".*/\\1/'`;

export function banner(start: Start): string {
  const { url, dataDir } = start;
  const file = credentialsFile(dataDir);
  return [
    `Rekey listens on ${url} (embedded database in ${dataDir}).`,
    ...secrets(start, file),
    ...signIn(start),
    '',
    'Paste this to refresh twice, introspect and revoke:',
    `  . ${file.startsWith('/') ? file : `./${file}`}; URL=${url}; AUTH="$DEMO_ID:$DEMO_SECRET"`,
    '  A=$(curl -su "$AUTH" $URL/token -d grant_type=refresh_token -d refresh_token=$RT); echo "$A"',
    `  RT=$(echo "$A" | ${member('refresh_token')})`,
    '  B=$(curl -su "$AUTH" $URL/token -d grant_type=refresh_token -d refresh_token=$RT); echo "$B"',
    `  AT=$(echo "$B" | ${member('access_token')})`,
    '  curl -su "$AUTH" $URL/introspect -d token=$AT; echo',
    '  curl -su "$AUTH" $URL/revoke -d token=$RT -o /dev/null -w "%{http_code}\\n"',
    '  curl -su "$AUTH" $URL/introspect -d token=$AT; echo',
  ].join('\n');
}

function secrets({ credentials, areNew }: Start, file: string): string[] {
  if (!areNew) {
    return [`The credentials of its clients and its demo user, and a fresh refresh token, are in ${file}.`];
  }
  const { adminClientId, adminClientSecret } = credentials;
  return [
    ...(adminClientId ? [`  admin client   ${adminClientId} : ${adminClientSecret}`] : []),
    `  shell client   ${credentials.demoClientId} : ${credentials.demoClientSecret}`,
    `  refresh token  ${credentials.demoRefreshToken}`,
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
