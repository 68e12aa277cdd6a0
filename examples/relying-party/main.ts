/** `npm run demo:web`: the demo client as a separate process. */
import { startDemoWeb } from './demo-web.js';
import { baseUrlOf, settingsOf } from './settings.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const settings = settingsOf(process.env);
  await startDemoWeb(settings, { log: say });
  say(`The demo client ${settings.clientId} of ${settings.issuer} is at ${baseUrlOf(settings)}/`);
} catch (error) {
  const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  say(isTaken ? 'The port is taken, perhaps by the demo client that `npm start` has started already.' : String(error));
  process.exitCode = 1;
}
