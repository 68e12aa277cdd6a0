/** What every path of the service begins with: the path of its issuer, like `/id`, or nothing. */
export const issuerPath = ({ issuer }: { readonly issuer: string }): string =>
  new URL(issuer).pathname.replace(/\/$/, '');
