/** Secrets and tokens of a test that must not leak, in every encoding that could appear. */

export class Canaries {
  private readonly names = new Map<string, string>();

  /** A secret, a token, a header: as it is, form-encoded, in base64 and in hex. */
  add(name: string, value: string): void {
    const bytes = Buffer.from(value);
    for (const form of [
      value,
      encodeURIComponent(value),
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
    ]) {
      this.names.set(form, name);
    }
  }

  /** Client credentials: the secret and the Basic header. */
  addCredentials(name: string, clientId: string, secret: string): void {
    this.add(`${name}: secret`, secret);
    this.names.set(Buffer.from(`${clientId}:${secret}`).toString('base64'), `${name}: Basic`);
  }

  /** A refresh token, and the handle of its family inside it. */
  addRefreshToken(name: string, token: string): void {
    this.add(name, token);
    const bytes = Buffer.from(token.slice('rt_'.length), 'base64url');
    const handle = bytes.toString('hex', 1, 17);
    this.names.set(bytes.toString('hex'), `${name}: bytes`);
    this.names.set(handle, `${name}: handle`);
    this.names.set(handle.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'), `${name}: handle`);
  }

  /** @returns the ones that occur in the text, with the line */
  leaksIn(text: string): string[] {
    const lines = text.split('\n');
    return [...this.names].flatMap(([form, name]) =>
      lines.filter((line) => line.includes(form)).map((line) => `${name} in ${line.slice(0, 300)}`),
    );
  }
}
