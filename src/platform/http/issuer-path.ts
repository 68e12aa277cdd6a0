/** The prefix of every path of the service: the path of its issuer, like `/id`, or an empty string. */
export const issuerPath = ({ issuer }: { readonly issuer: string }): string =>
  new URL(issuer).pathname.replace(/\/$/, '');
