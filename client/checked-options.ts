// What an app hands over, checked as it comes in: in JavaScript nobody else does, and a misspelt option that is passed
// over in silence is found out by what does not happen.

import * as v from 'valibot'
import { noOption } from '../encoding/unknown-option.ts'
import { acknowledges, senderChoices } from './contacts/choices.ts'
import { ClientError } from './error.ts'
import { coverLevels } from './outgoing/cover.ts'
import { priorities } from './outgoing/queue-state.ts'

/** A value that only its own methods can tell from another: a link, a clock, a signal. */
function having<T>(what: string, ...methods: readonly (keyof T & string)[]): v.GenericSchema<T> {
  return v.custom<T>(
    value =>
      typeof value === 'object' &&
      value !== null &&
      methods.every(name => typeof (value as Record<string, unknown>)[name] === 'function'),
    `want ${what}`,
  )
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
const func = v.custom<unknown>(value => typeof value === 'function', 'want a function')
const object = v.custom<unknown>(isObject, 'want an object')
const text = v.string('want text')
const flag = v.boolean('want true or false')
const signal = having<AbortSignal>('an AbortSignal', 'addEventListener', 'removeEventListener')
const milliseconds = v.pipe(v.number('want milliseconds'), v.minValue(0, 'want milliseconds of 0 or more'))
const count = v.pipe(v.number('want a whole number'), v.safeInteger('want a whole number'))
const positive = v.pipe(count, v.minValue(1, 'want a whole number above 0'))

/** Looks at the shape alone; `checkNetwork` looks at what it says. */
const network = v.custom<unknown>(
  value => isObject(value) && Array.isArray((value as { authorities?: unknown }).authorities),
  "want what readNetwork('network.toml') of chaffinch/network gives",
)

const client = {
  network,
  folder: v.optional(text),
  store: v.optional(object),
  unlock: v.optional(object),
  gateways: v.optional(v.array(v.instance(Uint8Array, 'want ids of 32 bytes'), 'want a list of ids')),
  chooseGateway: v.optional(func),
  homes: v.optional(v.picklist([1, 2, 3], 'want 1, 2 or 3')),
  patienceMs: v.optional(positive),
  onLoop: v.optional(func),
  startAfterMs: v.optional(milliseconds),
  link: v.optional(object),
  dialFrom: v.optional(text),
  directory: v.optional(object),
  sources: v.optional(v.array(object, 'want a list of nodes')),
  clock: v.optional(object),
  random: v.optional(func),
  sealing: v.optional(object),
  cover: v.optional(v.picklist(coverLevels, `want one of ${coverLevels.join(', ')}`)),
  acknowledge: v.optional(v.picklist(acknowledges, `want one of ${acknowledges.join(', ')}`)),
  log: v.optional(object),
  limits: v.optional(object),
}

const senders = v.optional(v.picklist(senderChoices, `want one of ${senderChoices.join(', ')}`))

const send = {
  replies: v.optional(v.union([flag, v.number()], 'want true, false, or a number of reply blocks')),
  receipt: v.optional(flag),
  received: v.optional(flag),
  from: v.optional(flag),
  keep: v.optional(flag),
  app: v.optional(text),
  priority: v.optional(v.picklist(priorities, `want one of ${priorities.join(', ')}`)),
  way: v.optional(object),
  signal: v.optional(signal),
  deadlineMs: v.optional(v.number('want milliseconds above 0')),
}

type Checked =
  | 'openClient'
  | 'connect'
  | 'openIdentities'
  | 'send'
  | 'reply'
  | 'request'
  | 'serve'
  | 'messages'
  | 'inbox'

/** By what takes them. */
const schemas: Readonly<Record<Checked, v.StrictObjectSchema<v.ObjectEntries, undefined>>> = {
  openClient: v.strictObject(client),
  connect: v.strictObject({
    ...client,
    deadlineMs: v.optional(milliseconds),
    signal: v.optional(signal),
  }),
  openIdentities: v.strictObject({
    ...client,
    stores: v.optional(object),
    parts: v.optional(func),
    spreadMs: v.optional(milliseconds),
  }),
  send: v.strictObject(send),
  reply: v.strictObject({
    signal: send.signal,
    deadlineMs: send.deadlineMs,
    priority: send.priority,
    keep: send.keep,
  }),
  request: v.strictObject(send),
  serve: v.strictObject({
    atOnce: v.optional(positive),
    perMinute: v.optional(v.pipe(v.number('want a number'), v.gtValue(0, 'want a number above 0'))),
    longest: v.optional(positive),
    announce: v.optional(flag),
    signal: v.optional(signal),
  }),
  messages: v.strictObject({ signal: v.optional(signal), app: v.optional(text), senders }),
  inbox: v.strictObject({
    app: v.optional(text),
    senders,
    after: v.optional(count),
    ids: v.optional(v.array(text, 'want a list of ids')),
    most: v.optional(positive),
    mostBytes: v.optional(positive),
    until: v.optional(signal),
  }),
}

/**
 * Checks the names and types of an app's options.
 *
 * @param what the function that takes them
 * @throws ClientError BAD_OPTION naming the option, what is wanted, and what may have been meant
 */
export function checkOptions(what: Checked, options: unknown): void {
  const schema = schemas[what]
  const result = v.safeParse(schema, options, { abortPipeEarly: true })
  if (result.success) return
  const unknown = result.issues.find(isUnknown)
  if (unknown !== undefined) {
    const name = String(unknown.path?.[0]?.key)
    throw new ClientError('BAD_OPTION', noOption(what, name, Object.keys(schema.entries)))
  }
  const [issue] = result.issues
  const key = issue.path?.[0]?.key
  if (key === undefined) throw new ClientError('BAD_OPTION', `${what}: want an object of options`)
  const says = issue.type === 'strict_object' ? 'is missing' : issue.message
  throw new ClientError('BAD_OPTION', `${what}: ${String(key)}: ${says}`)
}

function isUnknown(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never'
}

/** @throws ClientError BAD_OPTION */
export function checkContent(what: string, content: unknown): void {
  if (typeof content === 'string' || content instanceof Uint8Array) return
  const have = content === null ? 'null' : typeof content
  throw new ClientError(
    'BAD_OPTION',
    `${what}: content: want text or a Uint8Array, have ${have === 'object' ? 'an object: JSON.stringify it' : have}`,
  )
}

/** @throws ClientError BAD_OPTION */
export function checkText(what: string, name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string')
    throw new ClientError('BAD_OPTION', `${what}: ${name}: want text, have ${typeof value}`)
}

/** @throws ClientError BAD_OPTION */
export function checkSignal(what: string, value: unknown): void {
  if (value !== undefined && !v.is(signal, value))
    throw new ClientError('BAD_OPTION', `${what}: want an AbortSignal, have ${typeof value}`)
}

/** @throws ClientError BAD_OPTION */
export function checkHandler(what: string, value: unknown): void {
  if (typeof value !== 'function')
    throw new ClientError('BAD_OPTION', `${what}: want a function, have ${typeof value}`)
}
