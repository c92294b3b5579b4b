/** The version of a program, for people and for programs. */

export function versionText(program: string, version: string, json: boolean): string {
  const about = { program, version, node: process.version, platform: `${process.platform}/${process.arch}` }
  if (json) return `${JSON.stringify(about, null, 2)}\n`
  return `${program} ${version}, Node ${about.node}, ${about.platform}\n`
}
