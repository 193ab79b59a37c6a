// chaffinch/shuffle: rows of ciphertexts in another order, encrypted anew, with a proof that anybody can check
// (docs/spec/shuffle.md).

export { coreGroup } from './core-group.ts'
export { ShuffleError, type ShuffleErrorCode } from './error.ts'
export { type Group, generator, type Multiples, type Terms } from './group.ts'
export { nobleGroup } from './noble-group.ts'
export { proofBytes } from './proof.ts'
export { prove, type ShuffleSecret, scalars, shuffle } from './prove.ts'
export { ciphertextBytes, encrypt, reencrypt } from './rows.ts'
export { rowsAtMost, type Statement, widthAtMost } from './statement.ts'
export { type Verdict, verify } from './verify.ts'
