import { describe, expect, it } from '@jest/globals';
import { forkIn, type FamilyStep } from './fork.js';

const HOME = { source: '192.0.2.1', agent: 'okhttp/4' };
const AWAY = { source: '198.51.100.9', agent: 'okhttp/4' };
const THIEF = { source: '203.0.113.5', agent: 'curl/8' };

const rotated = (generation: number, origin: object): FamilyStep => ({
  event: 'refresh.rotated',
  at: generation * 1000,
  generation,
  ...origin,
});
const reused = (presented: number, generation: number, origin: object): FamilyStep => ({
  event: 'refresh.reused',
  at: 99_000,
  generation,
  presented,
  ...origin,
});

describe('the fork of a family', () => {
  it('a family whose superseded tokens were never presented again has no fork', () => {
    expect(forkIn([])).toBeUndefined();
    expect(forkIn([rotated(1, HOME), rotated(2, THIEF)])).toBeUndefined();
    const retried = { ...reused(1, 2, HOME), event: 'refresh.retried' };
    expect(forkIn([rotated(1, HOME), rotated(2, HOME), retried])).toBeUndefined();
  });

  it.each([
    ['the replay comes from elsewhere by another agent', HOME, THIEF, 'replay'],
    ['the replay comes from elsewhere', HOME, AWAY, 'replay'],
    ['the successor was taken from elsewhere by another agent', THIEF, HOME, 'successor'],
    ['the successor was taken by another agent, the client has moved', THIEF, AWAY, 'successor'],
    ['both are from the same place', HOME, HOME, 'none'],
    ['both are from the same new place', AWAY, AWAY, 'none'],
    ['both are new', { source: '203.0.113.7', agent: 'wget/1' }, THIEF, 'unknown'],
    ['nothing is known of the successor', {}, HOME, 'unknown'],
  ])('the suspect is the branch that differs from what came before: %s', (_, successor, replay, suspect) => {
    const fork = forkIn([rotated(1, HOME), rotated(2, HOME), rotated(3, successor), reused(2, 3, replay)]);
    expect(fork).toMatchObject({ suspect, generation: 2, supersededAt: 3000, replayedAt: 99_000 });
  });

  it('the evidence has addresses, agents, time and order', () => {
    const steps = [rotated(1, HOME), rotated(2, HOME), rotated(3, THIEF), rotated(4, THIEF), reused(2, 4, HOME)];
    expect(forkIn(steps)!.evidence).toEqual([
      'The successor was taken from 203.0.113.5 by curl/8: address new, agent new.',
      'The superseded token came again from 192.0.2.1 by okhttp/4: address as before, agent as before.',
      '96 s lie between the two.',
      'The successor branch had gone on in between: 1 more rotations.',
    ]);
    expect(forkIn(steps.toSpliced(3, 1))!.evidence.at(-1)).toContain('as after a lost response');
  });

  it('without the event that superseded the token the suspect is unknown', () => {
    expect(forkIn([reused(2, 4, HOME)])).toMatchObject({ suspect: 'unknown', supersededAt: undefined });
  });
});
