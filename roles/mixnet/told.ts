// Refusals of voting/ as failures of a command.

import { CommandError, type CommandErrorCode } from '../../encoding/command-line.ts'
import { VotingError } from '../../voting/index.ts'

/**
 * Has what an act refuses told as a failure of a command.
 *
 * @param where begins the message: a file or an option, and a colon
 * @throws CommandError of that code for a VotingError; any other error as it is
 */
export function told<T>(code: CommandErrorCode, where: string, act: () => T, hint?: string): T {
  try {
    return act()
  } catch (error) {
    throw toldOf(code, where, error, hint)
  }
}

/** Gives a VotingError as the failure of a command, and any other error as it is. */
export function toldOf(code: CommandErrorCode, where: string, error: unknown, hint?: string): unknown {
  if (!(error instanceof VotingError)) return error
  return new CommandError(code, `${where}${error.detail}`, hint)
}
