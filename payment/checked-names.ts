// The names of options that an app hands over to payments, checked as they come in.

import { type Names, unknownOption } from '../encoding/unknown-option.ts'
import { PaymentError } from './error.ts'

/** @throws PaymentError BAD_OPTION naming the option, and what may have been meant */
export function checkNames<T>(what: string, options: unknown, names: Names<T>): void {
  const wrong = unknownOption(what, options, names)
  if (wrong !== undefined) throw new PaymentError('BAD_OPTION', wrong)
}
