// The two ledgers of `npm start -- --preset netmix`: as text and as a picture, both on one time axis.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { axisOf, ledgerPage, seenOn, sideBySide } from '../scripts/network/side-by-side.ts'
import type { MessageRecord, Sighting } from '../simulator/processes/index.ts'

const startedAt = 1_700_000_000_000
const at = (seconds: number): number => startedAt + seconds * 1000

function message(number: number, sent: number, read: number[], back: number[]): MessageRecord {
  const names = { from: `client-<${number}>`, to: 'client-"&1' }
  const digests = { digest: `d${number}`, replyDigest: `r${number}` }
  const read2 = { readAt: read.map(at), replyReadAt: back.map(at) }
  return {
    number,
    kind: 'text',
    ...names,
    bytes: 50,
    ...digests,
    acceptedAt: at(sent),
    stored: true,
    ...read2,
  }
}

const messages = [message(0, 12, [20.4], [22]), message(1, 13, [], [])]
const sightings: Sighting[] = Array.from({ length: 300 }, (_, i) => ({
  at: at(i / 10),
  from: i % 2 === 0 ? 'client-0' : 'gateway-0',
  to: i % 2 === 0 ? 'gateway-0' : 'mix-<0>',
  bytes: 1000 + i,
}))

/** Reads a page as XML, and gives the names of its elements; throws where it is not well-formed. */
function elementsOf(page: string): string[] {
  const open: string[] = []
  const names: string[] = []
  const rest = page.replace(/^<\?xml [^?]*\?>\n<!DOCTYPE html>\n/, '')
  assert.not.equal(rest, page, 'begins as XML does')
  let end = 0
  for (const { 0: tag, index } of rest.matchAll(/<[^>]*>/g)) {
    checkText(rest.slice(end, index))
    end = index + tag.length
    const read = /^<(\/?)([a-z][\w]*)((?: [a-z][\w-]*="[^"<&]*")*)(\/?)>$/i.exec(tag)
    if (read === null) throw new Error(`no tag: ${tag}`)
    const [, closes, name = '', attributes = '', empty] = read
    const keys = [...attributes.matchAll(/ ([\w-]+)=/g)].map(match => match[1])
    assert.is(new Set(keys).size, keys.length, `an attribute twice: ${tag}`)
    if (closes !== '') {
      if (open.pop() !== name) throw new Error(`${tag} closes another one`)
    } else {
      names.push(name)
      if (empty === '') open.push(name)
    }
  }
  assert.equal(open, [], 'all are closed')
  assert.is(rest.slice(end).trim(), '')
  return names
}

function checkText(text: string): void {
  if (/[&<>]/.test(text.replace(/&(amp|lt|gt|quot);/g, ''))) throw new Error(`no text: ${text}`)
}

test('the page is well-formed XML, whatever the names', () => {
  const names = elementsOf(ledgerPage(messages, sightings, startedAt))
  assert.is(names.filter(name => name === 'svg').length, 1)
  assert.ok(names.filter(name => name === 'rect').length > 20, 'what was seen')
  assert.throws(() => elementsOf('<?xml version="1.0"?>\n<!DOCTYPE html>\n<p><b></p></b>'), /closes another/)
  assert.throws(() => elementsOf('<?xml version="1.0"?>\n<!DOCTYPE html>\n<p>a & b</p>'))
  elementsOf(ledgerPage([], [], startedAt))
})

test('both ledgers have the same axis: a message stands where the traffic of its time stands', () => {
  const page = ledgerPage(messages, sightings, startedAt)
  const sent = /class="sent" x1="(\d+)" x2="(\d+)"/.exec(page) as RegExpExecArray
  const back = /class="back" x1="(\d+)" x2="(\d+)"/.exec(page) as RegExpExecArray
  assert.is(sent[2], back[1], 'the reply begins where the message was read')
  const axis = axisOf(messages, startedAt)
  assert.is(axis.from, at(10))
  const seen = seenOn(axis, sightings)
  assert.equal(
    seen.map(({ link }) => link),
    ['client-0 → gateway-0', 'gateway-0 → mix-<0>'],
  )
  assert.is(
    seen.reduce((sum, { bytes }) => sum + bytes.reduce((a, b) => a + b, 0), 0),
    sightings
      .filter(
        sighting => sighting.at >= axis.from && sighting.at < axis.from + axis.stretches * axis.stretchMs,
      )
      .reduce((sum, { bytes }) => sum + bytes, 0),
  )
})

test('the text has a row for each second, with what was seen in it whether anything happened or not', () => {
  const [, , ...rows] = sideBySide(messages, sightings, startedAt)
  assert.is(rows.length, 15)
  assert.match(rows[0] as string, /^ {2}10 +\| 2 links, 11 kB, each 6 kB to 6 kB$/)
  assert.match(rows[2] as string, /^ {2}12 {2}client-<0> → client-"&1 {2}message 0, 50 bytes +\| 2 links/)
  assert.match(rows[10] as string, /read message 0 of client-<0> +\| 2 links/)
})

test.run()
