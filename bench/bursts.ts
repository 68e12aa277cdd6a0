/** Fifty identical concurrent requests compared with fifty different ones: a retry storm on one session must not slow down others. */
import { Connection, percentile, type Answer } from './load.js';
import { field, refreshRequest } from './sessions.js';
import type { Running } from './servers.js';

const SIZE = 50;

/** @param tokens at least 51 for each round */
export async function measureBursts(rekey: Running, tokens: string[], say: (text: string) => void): Promise<void> {
  const connections = await Promise.all(Array.from({ length: SIZE }, () => Connection.open(rekey.url)));
  const [same, different]: [number[], number[]] = [[], []];
  const rounds = Math.floor(tokens.length / (SIZE + 1));
  for (let round = 0; round < rounds; round += 1) {
    const own = tokens.splice(0, SIZE);
    different.push(...(await burst(connections, own)).map(({ ms }) => ms));
    const answers = await burst(connections, new Array<string>(SIZE).fill(tokens.shift()!));
    if (new Set(answers.map(({ answer }) => field(answer.body, 'refresh_token'))).size !== 1) {
      throw new Error('Identical requests got different refresh tokens');
    }
    same.push(...answers.map(({ ms }) => ms));
  }
  connections.forEach((connection) => connection.close());
  const p99 = [same, different].map((times) =>
    percentile(
      times.sort((a, b) => a - b),
      0.99,
    ),
  );
  say(
    `${SIZE} at once, ${rounds} rounds: identical p99 ${p99[0]!.toFixed(1)} ms, different p99 ${p99[1]!.toFixed(1)} ms, ` +
      `ratio ${(p99[0]! / p99[1]!).toFixed(2)}; every answer 200, one successor.`,
  );
}

async function burst(
  connections: readonly Connection[],
  tokens: readonly string[],
): Promise<{ ms: number; answer: Answer }[]> {
  return Promise.all(
    connections.map(async (connection, index) => {
      const from = performance.now();
      const answer = await connection.ask(refreshRequest('/token', tokens[index]!));
      if (answer.status !== 200) throw new Error(`A request of a burst was answered ${answer.status}`);
      return { ms: performance.now() - from, answer };
    }),
  );
}
