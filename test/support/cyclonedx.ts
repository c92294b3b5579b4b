/** Bills of materials against the schema of their format. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'

const SCHEMAS = join(import.meta.dirname, '../../node_modules/@cyclonedx/cyclonedx-library/res/schema')
const read = (name: string) => JSON.parse(readFileSync(join(SCHEMAS, `${name}.SNAPSHOT.schema.json`), 'utf8'))

/** @param bill CycloneDX 1.5, JSON @returns what the schema finds wrong; formats of dates and links are not looked at */
export function wrongInBill(bill: unknown): string[] {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  // Under the addresses by which the first schema names them.
  for (const name of ['spdx', 'jsf-0.82']) {
    ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
  }
  const validate = ajv.compile(read('bom-1.5'))
  return validate(bill) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}
