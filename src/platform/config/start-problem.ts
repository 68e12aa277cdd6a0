/** Why a process does not start, and what its operator can do: one sentence or two, printed as they are, without a stack. */
export class StartProblem extends Error {
  override readonly name: string = 'StartProblem';
}
