// Units of time, in milliseconds, and of size, in bytes.

export const second = 1000
export const minute: number = 60 * second
export const hour: number = 60 * minute
export const day: number = 24 * hour

export const KiB = 1024
export const MiB: number = 1024 * KiB
