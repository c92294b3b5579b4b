/** The version of a program, for people and for programs. */

export const about = (program: string, version: string) => ({
  program,
  version,
  node: process.version,
  platform: `${process.platform}/${process.arch}`,
})

export function versionText(program: string, version: string, json: boolean): string {
  const told = about(program, version)
  if (json) return `${JSON.stringify(told, null, 2)}\n`
  return `${program} ${version}, Node ${told.node}, ${told.platform}\n`
}
