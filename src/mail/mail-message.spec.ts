import { expect, it } from '@jest/globals';
import { mailMessage } from './mail-message.js';

const brand = { brandName: 'Acme <&> "ID"', brandColor: '#3b63d6' };
const mail = {
  id: '01890000-0000-7000-8000-000000000000',
  kind: 'reset',
  username: 'eve"><script>alert(1)</script><img src=x>',
  recipient: 'eve@example.org',
  url: 'https://id.example/sign-in/new-password?link=abc',
} as const;

it.each(['en', 'zh-Hant'] as const)(
  'a mail in %s shows names as text, links to the page only, and loads nothing',
  (language) => {
    const { html, text } = mailMessage({ ...mail, language }, brand);
    expect(html).toContain(`lang="${language}"`);
    expect(html).toContain('&lt;script');
    expect(html).not.toMatch(/<(script|img|link|style|iframe)\b/);
    expect(html).not.toMatch(/url\(|@import/);
    const links = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link);
    expect(links).toEqual([mail.url, mail.url]);
    expect(text).toContain(mail.url);
    expect(text).toContain(mail.username);
  },
);

it('a mail’s subject is one line, whatever the name of the service', () => {
  expect(mailMessage({ ...mail, language: 'en' }, brand).subject).toBe('A new password for Acme <&> "ID"');
});
