// How tests take an error in hand: the code of a refusal, or the error that something fails with.

import { DirectoryError } from '../directory/error.ts'

type Kind<E extends Error> = new (...args: never[]) => E

/** The code with which `run` refuses, or `ok`. What is no error of that kind fails the test. */
export function codeOf(
  run: () => unknown,
  kind: Kind<Error & { readonly code: string }> = DirectoryError,
): string {
  try {
    run()
    return 'ok'
  } catch (error) {
    if (!(error instanceof kind)) throw error
    return error.code
  }
}

/** The error of that kind with which `run` fails. */
export async function failureOf<E extends Error>(kind: Kind<E>, run: () => unknown): Promise<E> {
  try {
    await run()
  } catch (error) {
    if (error instanceof kind) return error
    throw error
  }
  throw new Error('did not fail')
}
