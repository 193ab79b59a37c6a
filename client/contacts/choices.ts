// What an owner may choose of people (docs/spec/client-contacts.md 17.3). Apart, for programs that only name it:
// nothing here needs Node.

/** Lists whose messages may be meant: everyone's; contacts', and replies; or strangers', which wait apart. */
export const senderChoices = ['everyone', 'known', 'strangers'] as const
/** One of these. */
export type Senders = (typeof senderChoices)[number]

/** Lists whom a client may tell that it has all of a message of theirs. */
export const acknowledges = ['nobody', 'contacts', 'everyone'] as const
/** One of these: nobody; contacts, unless the owner says otherwise of one; whoever asks for it. */
export type Acknowledge = (typeof acknowledges)[number]
