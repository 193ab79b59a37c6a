// Units of time, in milliseconds, and of size, in bytes.

export const second = 1000
export const minute: number = 60 * second
export const hour: number = 60 * minute
export const day: number = 24 * hour

export const KiB = 1024
export const MiB: number = 1024 * KiB

declare const kind: unique symbol

/**
 * Names what a number or a text is. A plain one still fits, one of another name does not: the compiler finds an epoch
 * where milliseconds are wanted.
 */
export type Named<T, Kind extends string> = T & { readonly [kind]?: Kind }

/**
 * Milliseconds: a length of time, or a moment of the wall clock (since 1970-01-01 UTC), as the name of the field says.
 */
export type Ms = Named<number, 'ms'>

/** The number of an epoch, counted from the network's genesis. */
export type Epoch = Named<number, 'epoch'>
