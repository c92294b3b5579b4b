/** How long functions are, from their first line to their last. */
import { type ArrowFunctionExpression, type Function as FunctionNode, parseSync, Visitor } from 'oxc-parser'

type Node = FunctionNode | ArrowFunctionExpression | { type: string } | null

/** Lines of each function with a name: declarations, methods, and constants and properties that are functions. */
export function functionsOfTypeScript(path: string, text: string): number[] {
  const found: number[] = []
  const add = (node: Node, start: number) => {
    if (node && isFunction(node)) found.push(linesOf(text.slice(start, node.end)))
  }
  const { program, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`)
  new Visitor({
    // A body is missing where only a type is declared, as in an overload.
    FunctionDeclaration: (node) => node.body && add(node, node.start),
    VariableDeclarator: ({ init, start }) => add(init, start),
    PropertyDefinition: ({ value, start }) => add(value, start),
    MethodDefinition: ({ value, start }) => value.body && add(value, start),
    Property: ({ value, start }) => add(value, start),
  }).visit(program)
  return found
}

function isFunction(node: { type: string }): node is FunctionNode | ArrowFunctionExpression {
  return /^(?:Function\w*|ArrowFunctionExpression)$/.test(node.type)
}

/** clang-format puts a function's braces, and no others, at the beginning of a line. */
export function functionsOfC(text: string): number[] {
  const signature = String.raw`(?:^\S[^\n;{}]*\n(?:[ \t][^\n;{}]*\n)*)`
  return [...text.matchAll(new RegExp(`${signature}^\\{\\n.*?^\\}`, 'gms'))].map(([whole]) => linesOf(whole))
}

const linesOf = (text: string): number => text.split('\n').length
