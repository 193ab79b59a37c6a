// What a conversation is called.

import { short } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import type { Conversation } from './conversations.ts'

const shownLetters = 20

export function titleOf({ contact, address, key }: Conversation): string {
  if (contact !== undefined) return contact
  return address === undefined ? t().messages.nameless(short(key.slice(2), 6)) : short(address, shownLetters)
}
