/** Why a process cannot start, and how to fix it: one or two sentences, printed without a stack trace. */
export class StartProblem extends Error {
  override readonly name: string = 'StartProblem';
}
