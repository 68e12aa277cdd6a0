/**
 * Redeeming codes; and the effect of sign-ins, which cost CPU on purpose, on refreshes: their rate with and without
 * sign-ins, and the event loop delay.
 */
import { formRequest, load, median, type Session } from './load.js';
import { VERIFIER, type BenchUser } from './prepare.js';
import { REDIRECT_URI } from './prepare.js';
import { AUTHORIZATION } from './sessions.js';
import type { Running } from './servers.js';

export const redemption = (code: string): string =>
  formRequest(
    '/token',
    new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
    }).toString(),
    AUTHORIZATION,
  );

export interface Beside {
  readonly signInsPerSecond: number;
  /** The rate of refreshes with sign-ins, divided by the rate without. */
  readonly refreshRatio: number;
  /** The 99th percentile with sign-ins, and without. */
  readonly loopDelayMs: number;
  readonly loopDelayAloneMs: number;
}

/** Alternates rounds with and without sign-ins, and takes medians. */
export async function measureSignIns(
  rekey: Running,
  refreshes: readonly Session[],
  users: readonly BenchUser[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Beside> {
  const alone: { rate: number; delay: number }[] = [];
  const beside: { rate: number; delay: number; signIns: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await loopDelayMs(rekey); // begins a new interval
    alone.push({ rate: (await load(rekey.url, refreshes, seconds)).answersPerSecond, delay: await loopDelayMs(rekey) });
    const signIns = signingIn(rekey.url, users);
    const { answersPerSecond: rate } = await load(rekey.url, refreshes, seconds);
    const delay = await loopDelayMs(rekey);
    beside.push({ rate, delay, signIns: await signIns.stop() });
  }
  return {
    signInsPerSecond: median(beside.map(({ signIns }) => signIns)),
    refreshRatio: median(beside.map(({ rate }, round) => rate / alone[round]!.rate)),
    loopDelayMs: median(beside.map(({ delay }) => delay)),
    loopDelayAloneMs: median(alone.map(({ delay }) => delay)),
  };
}

/** Each user signs in again and again. */
function signingIn(url: string, users: readonly BenchUser[]): { stop(): Promise<number> } {
  const from = performance.now();
  let [count, isOver] = [0, false];
  const all = users.map(async ({ username, password }) => {
    const page = await fetch(`${url}/sign-in`);
    const token = /name="form_token" value="([^"]*)"/.exec(await page.text())![1]!;
    const cookie = page.headers.getSetCookie()[0]!.split(';', 1)[0]!;
    const body = new URLSearchParams({ form_token: token, username, password }).toString();
    const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
    while (!isOver) {
      const { status } = await fetch(`${url}/sign-in`, { method: 'POST', headers, body, redirect: 'manual' });
      if (status !== 303) throw new Error(`A sign-in was answered ${status}`);
      count += 1;
    }
  });
  return {
    async stop() {
      isOver = true;
      await Promise.all(all);
      return count / ((performance.now() - from) / 1000);
    },
  };
}

/** For the interval since the last call. */
async function loopDelayMs({ url }: Running): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)![1]) * 1000;
}
