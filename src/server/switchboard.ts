/** The supervisor's side of a question: it goes to all processes that serve, and their answers to the one that asked. */
import type { Worker } from 'node:cluster';
import type { FromSupervisor, Question, ToSupervisor } from '../platform/processes/messages.js';

/** A process that does not answer for this long hangs. Longer than a proof of readiness may take. */
const SILENT_MS = 1500;

interface Round {
  readonly question: Question;
  readonly silent: Set<Worker>;
  readonly answers: unknown[];
  readonly end: () => void;
}

/** The callback takes the error of a process that has just ended. */
export const tell = (worker: Worker, message: FromSupervisor): void =>
  void worker.send(message, undefined, undefined, () => undefined);

export class Switchboard {
  private readonly rounds = new Map<number, Round>();
  private begun = 0;

  /**
   * @param serving the processes to ask
   * @param heard is told each answer
   * @param own what the supervisor itself answers
   */
  constructor(
    private readonly serving: () => Worker[],
    private readonly heard: (worker: Worker, question: Question, answer: unknown) => void,
    private readonly own: (question: Question) => Promise<readonly unknown[]>,
  ) {}

  receive(worker: Worker, message: Exclude<ToSupervisor, { kind: 'serving' }>): void {
    if (message.kind === 'ask') this.begin(worker, message.id, message.question);
    else this.take(worker, message.id, message.answer);
  }

  /** A process that has ended cannot answer, and does not count as silent. */
  leave(worker: Worker): void {
    for (const round of this.rounds.values()) {
      round.silent.delete(worker);
      endIfComplete(round);
    }
  }

  private begin(asker: Worker, theirId: number, question: Question): void {
    const id = (this.begun += 1);
    const answers: unknown[] = [];
    const silent = new Set(this.serving());
    const end = () => {
      clearTimeout(limit);
      if (!this.rounds.delete(id)) return;
      answers.push(...Array.from(silent, () => undefined));
      void this.own(question).then((own) =>
        tell(asker, { kind: 'answers', id: theirId, answers: [...answers, ...own] }),
      );
    };
    const limit = setTimeout(end, SILENT_MS);
    const round = { question, silent, answers, end };
    this.rounds.set(id, round);
    for (const worker of silent) tell(worker, { kind: 'question', id, question });
    endIfComplete(round);
  }

  private take(worker: Worker, id: number, answer: unknown): void {
    const round = this.rounds.get(id);
    if (!round?.silent.delete(worker)) return;
    round.answers.push(answer);
    this.heard(worker, round.question, answer);
    endIfComplete(round);
  }
}

function endIfComplete({ silent, end }: Round): void {
  if (silent.size === 0) end();
}
