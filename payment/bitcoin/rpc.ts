// JSON-RPC to a Bitcoin node: Bitcoin Core is the reference. docs/spec/payments-bitcoin.md 6.3.

import { readFile } from 'node:fs/promises'
import { PaymentError } from '../error.ts'

/** Asks the node one thing. @throws PaymentError NODE, with what it says */
export type Rpc = (
  method: string,
  ...params: readonly (string | number | boolean | readonly (string | object)[])[]
) => Promise<unknown>

/** Says where a Bitcoin node answers. */
export interface RpcOptions {
  /** http://user:password@host:port/ */
  readonly url: string
  /** The node's cookie file, `user:password`: read again at each question, since every start of the node changes it. */
  readonly cookieFile?: string | undefined
  /** Milliseconds until an answer must be there. Default 10,000. */
  readonly timeoutMs?: number
}

/** Holds the number that a node gives with a refusal. */
export class RpcRefusal extends Error {
  /** As in Bitcoin Core's rpc/protocol.h: -5 not there, -25 to -27 not taken, -28 starting. */
  readonly rpcCode: number

  constructor(rpcCode: number, message: string) {
    super(message)
    this.name = 'RpcRefusal'
    this.rpcCode = rpcCode
  }
}

/** Gives the number that came with a refusal; undefined where the node did not answer, or gave none. */
export function rpcCodeOf(error: unknown): number | undefined {
  return error instanceof PaymentError && error.cause instanceof RpcRefusal ? error.cause.rpcCode : undefined
}

/** A node that sends more has gone wrong: a block in hexadecimal has 8 million characters at most. */
const mostAnswer = 16 * 1024 * 1024
/** Explains what the state of an answer means, where its text says nothing. */
const states: Readonly<Record<number, string>> = {
  401: 'it wants another user or password: compare them with its cookie file, or rpcuser and rpcauth',
  403: 'it does not let this machine ask (rpcallowip)',
  404: 'nothing answers at this path',
  503: 'it is busy now',
}

/**
 * A Bitcoin node's JSON-RPC over HTTP.
 *
 * @returns a function that asks it; each call throws PaymentError NODE when the node does not answer or says no
 */
export function bitcoinRpc({ url, cookieFile, timeoutMs = 10_000 }: RpcOptions): Rpc {
  const { protocol, host, pathname, username, password } = new URL(url)
  const own = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return async (method, ...params) => {
    const body = JSON.stringify({ jsonrpc: '1.0', id: 'chaffinch', method, params })
    const login = cookieFile === undefined ? own : await cookieIn(cookieFile)
    const headers = { authorization: `Basic ${btoa(login)}`, 'content-type': 'application/json' }
    let response: Response
    let text: string
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      response = await fetch(`${protocol}//${host}${pathname}`, { method: 'POST', headers, body, signal })
      text = await bounded(response, `${host}: ${method}`)
    } catch (cause) {
      if (cause instanceof PaymentError) throw cause
      throw new PaymentError('NODE', `bitcoin node: ${host} does not answer to ${method}`, { cause })
    }
    return resultOf(text, response.status, method, host)
  }
}

async function cookieIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new PaymentError(
      'NODE',
      `bitcoin node: ${file}: its cookie cannot be read: is the node running, and may this user read the file?`,
      { cause },
    )
  }
}

/** Reads no more than an answer can have. */
async function bounded({ body }: Response, what: string): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  if (body === null) return text
  for await (const chunk of body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > mostAnswer)
      throw new PaymentError('NODE', `bitcoin node: ${what}: the answer is too long`)
  }
  return text + decoder.decode()
}

function resultOf(text: string, status: number, method: string, host: string): unknown {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    const why = states[status] ?? 'no JSON; are its address and password right?'
    throw new PaymentError('NODE', `bitcoin node: ${host}: ${method}: ${why}`)
  }
  const error = field(answer, 'error')
  if (error !== null && error !== undefined) {
    const [code, message] = [field(error, 'code'), field(error, 'message')]
    const said = typeof message === 'string' ? message : 'refused'
    throw new PaymentError('NODE', `bitcoin node: ${method}: ${said}`, {
      cause: new RpcRefusal(typeof code === 'number' ? code : 0, said),
    })
  }
  return field(answer, 'result')
}

/** A field of what a node answered; undefined when that is no object or has none of this name. */
export function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined
}
