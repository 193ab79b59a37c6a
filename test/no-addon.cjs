// For `node --require`: a platform for which sodium-native has no addon. Others are loaded as ever.

const { dlopen } = process
process.dlopen = (module, file, ...rest) => {
  if (file.includes('sodium-native')) throw new Error(`Error loading shared library: ${file}`)
  return dlopen.call(process, module, file, ...rest)
}
