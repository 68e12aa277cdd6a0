import cluster from 'node:cluster';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CHORES_VARIABLE, type FromSupervisor, type Question, type ToSupervisor } from './messages.js';

/**
 * The processes that share this one's port. A caller reaches any of them, so questions about the whole service go through the
 * supervisor to all. Without a supervisor the process is the whole group.
 */
@Injectable()
export class ProcessGroup implements OnModuleDestroy {
  readonly isAlone = !cluster.isWorker;
  /** Whether this process does the background work that only one process must do. */
  readonly doesChores = this.isAlone || process.env[CHORES_VARIABLE] === '1';
  private readonly answerers = new Map<Question, () => unknown>();
  private readonly open = new Map<number, (answers: readonly unknown[]) => void>();
  private asked = 0;
  private readonly listener = (message: FromSupervisor) => this.receive(message);

  constructor() {
    if (!this.isAlone) process.on('message', this.listener);
  }

  onModuleDestroy(): void {
    process.off('message', this.listener);
  }

  /** @param answerer must not reject */
  answer(question: Question, answerer: () => unknown): void {
    this.answerers.set(question, answerer);
  }

  /** @returns an answer for each process that serves; undefined for one that did not answer within a second and a half */
  async ask<T>(question: Question): Promise<(T | undefined)[]> {
    if (this.isAlone) return [(await this.answerers.get(question)?.()) as T];
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve) => {
      this.open.set(id, (answers) => resolve(answers as (T | undefined)[]));
      this.tell({ kind: 'ask', id, question });
    });
  }

  private receive(message: FromSupervisor): void {
    if (message.kind === 'question') void this.reply(message.id, message.question);
    if (message.kind !== 'answers') return;
    this.open.get(message.id)?.(message.answers);
    this.open.delete(message.id);
  }

  private async reply(id: number, question: Question): Promise<void> {
    this.tell({ kind: 'answer', id, answer: await this.answerers.get(question)?.() });
  }

  /** The callback takes the error of a supervisor that has gone: this process ends with it. */
  private tell(message: ToSupervisor): void {
    process.send?.(message, undefined, undefined, () => undefined);
  }
}
