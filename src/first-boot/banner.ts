/** What an embedded service says when it is ready: where it is, how to get in, and what to paste first. */
import { credentialsFile, type Credentials } from './credentials-file.js';

const member = (name: string): string => `sed 's/.*"${name}":"\\([^"]*\\)".*/\\1/'`;

export function banner(url: string, dataDir: string, credentials: Credentials, areNew: boolean): string {
  const file = credentialsFile(dataDir);
  const secrets = areNew
    ? [
        ...(credentials.adminClientId
          ? [`  admin client   ${credentials.adminClientId} : ${credentials.adminClientSecret}`]
          : []),
        `  demo client    ${credentials.demoClientId} : ${credentials.demoClientSecret}`,
        `  refresh token  ${credentials.demoRefreshToken}`,
        `Kept in ${file}; they are not shown again.`,
      ]
    : [`The credentials of its admin and demo client, and a fresh refresh token, are in ${file}.`];
  return [
    `Rekey listens on ${url} (embedded database in ${dataDir}).`,
    ...secrets,
    '',
    'Paste to refresh, refresh again with what came back, introspect, revoke:',
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
