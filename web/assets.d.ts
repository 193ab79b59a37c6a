// What esbuild packs besides scripts.

declare module '*.css'
