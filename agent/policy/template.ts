/**
 * `$(NAME)` in a composed value, by Kubernetes' rules for `env[].value`
 * (third_party/forked/golang/expansion): `$$` is a `$`, and what is not a whole `$(NAME)` stays as it is.
 */

const TOKEN = /\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g

/** The variables a template takes its parts from, each once. */
export function templateReferences(template: string): string[] {
  const names = [...template.matchAll(TOKEN)].flatMap(([, name]) => (name === undefined ? [] : [name]))
  return [...new Set(names)]
}

/** @param lookUp called for every reference; whatever it throws passes through */
export function fillTemplate(template: string, lookUp: (name: string) => string): string {
  return template.replace(TOKEN, (_, name: string | undefined) => (name === undefined ? '$' : lookUp(name)))
}
