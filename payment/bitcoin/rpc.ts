// JSON-RPC to a Bitcoin Core-like node (Bitcoin Core, bcoin, btcd). docs/spec/payments-bitcoin.md 6.3.

import { PaymentError } from '../error.ts'

/** Asks the node one thing. @throws PaymentError NODE, with what it says */
export type Rpc = (
  method: string,
  ...params: readonly (string | number | boolean | readonly object[])[]
) => Promise<unknown>

/** Says where a Bitcoin node answers. */
export interface RpcOptions {
  /** http://user:password@host:port/ */
  readonly url: string
  /** Milliseconds until an answer must be there. Default 10,000. */
  readonly timeoutMs?: number
}

/** A node that sends more has gone wrong. */
const mostAnswer = 8 * 1024 * 1024

/**
 * A Bitcoin node's JSON-RPC over HTTP.
 *
 * @returns a function that asks it; each call throws PaymentError NODE when the node does not answer or says no
 */
export function bitcoinRpc({ url, timeoutMs = 10_000 }: RpcOptions): Rpc {
  const { protocol, host, pathname, username, password } = new URL(url)
  const authorization = `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`
  return async (method, ...params) => {
    const body = JSON.stringify({ jsonrpc: '1.0', id: 'chaffinch', method, params })
    let text: string
    try {
      const headers = { authorization, 'content-type': 'application/json' }
      const signal = AbortSignal.timeout(timeoutMs)
      const response = await fetch(`${protocol}//${host}${pathname}`, {
        method: 'POST',
        headers,
        body,
        signal,
      })
      text = await response.text()
    } catch (cause) {
      throw new PaymentError('NODE', `bitcoin node: ${host} does not answer to ${method}`, { cause })
    }
    return resultOf(text, method, host)
  }
}

function resultOf(text: string, method: string, host: string): unknown {
  if (text.length > mostAnswer)
    throw new PaymentError('NODE', `bitcoin node: ${host}: ${method}: the answer is too long`)
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw new PaymentError(
      'NODE',
      `bitcoin node: ${host}: ${method}: no JSON; are its address and password right?`,
    )
  }
  const error = field(answer, 'error')
  if (error !== null && error !== undefined) {
    const message = field(error, 'message')
    throw new PaymentError(
      'NODE',
      `bitcoin node: ${method}: ${typeof message === 'string' ? message : 'refused'}`,
    )
  }
  return field(answer, 'result')
}

/** A field of what a node answered; undefined when that is no object or has none of this name. */
export function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined
}
