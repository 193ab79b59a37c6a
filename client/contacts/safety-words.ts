// Words by which two people make sure that each has the other's address and nobody else's (docs/spec/client-contacts.md
// 17.5): both clients show the same, and the two read them to each other.

import { blake2b } from '@noble/hashes/blake2.js'
import { compare, concat } from '../../encoding/bytes.ts'
import type { Address } from '../packets/address.ts'

/** 256 words, one for each byte, no two with the same first four letters. */
export const wordList: readonly string[] = `
acorn actor agile alarm album amber angle ankle apple april apron arrow aspen atlas attic autumn axle bacon
badge bagel baker balcony bamboo banana barley basil basket beach beaver bench berry bicycle birch bishop
blanket blossom border bottle branch brave breeze bridge bronze brush bucket button cabin cactus camel canal
candle canvas carbon carpet castle cedar cellar cement chalk cherry chimney cinema circle clay cliff cloud
clover cobalt coffee comet copper coral cotton cradle crane crayon cricket crown crystal cup curtain cycle
daisy dancer desert diamond dinner dolphin donkey door dragon drum duck eagle early east echo eight elbow elm
engine evening fabric falcon farmer feather fence fiddle finger flame flute forest fossil fountain fox frost
garden garlic gentle giant ginger glacier globe glove golden gondola granite grape gravel guitar hammer harbor
harvest hazel helmet heron hill honey horse hotel igloo indigo inkwell island ivory jacket jasmine jelly jewel
jungle kayak kettle kitchen kite koala ladder lagoon lake lantern laurel lemon leopard letter lilac linen lion
lizard lobster lotus lunar magnet mango maple marble market meadow medal melon mirror mitten mole monkey
morning motor mountain mushroom napkin nectar needle nest nickel night noodle north nutmeg oak ocean octopus
olive onion opera orange orchid otter oven owl oyster paddle palace panda paper parrot pasta pebble pelican
pencil pepper piano pigeon pillow pine planet plum pocket polar pond poppy potato prairie pumpkin purple
puzzle quartz queen quill rabbit radish rain raven ribbon river robin rocket rose ruby saddle sailor salmon
sand sapphire saturn scarf seal seven shadow sheep
`
  .trim()
  .split(/\s+/)

/** Words that are shown: 96 bits, which nobody finds a second address for. */
const wordsShown = 12
const label = new TextEncoder().encode('chaffinch/words/v1')

/** The words of two addresses, the same at both ends: of their keys, whatever their gateways. */
export function safetyWords(one: Keys, other: Keys): string[] {
  const both = [keysOf(one), keysOf(other)].sort(compare)
  const hash = blake2b(concat(both), { dkLen: wordsShown, key: label })
  return [...hash].map(byte => wordList[byte] as string)
}

type Keys = Pick<Address, 'sealingKey' | 'mailboxKey'>

function keysOf({ sealingKey, mailboxKey }: Keys): Uint8Array {
  return concat([sealingKey, mailboxKey])
}
