/** The drawn dashboard has every panel of deploy/grafana/dashboard.json, and says where a run had no data. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { type Dashboard, expressionOf, readDashboard } from '../../../scripts/pictures.d/dashboard.ts'
import { drawDashboard } from '../../../scripts/pictures.d/draw/dashboard-picture.ts'
import { drawTerminal } from '../../../scripts/pictures.d/draw/terminal.ts'
import { emptyQueries, evaluate } from '../../../scripts/pictures.d/run.ts'
import { runOf } from './run.ts'

const dashboard = readDashboard()

/** Python's parser refuses all that is no XML. @returns its texts */
function textsOf(svg: string): string[] {
  const program =
    'import sys, xml.etree.ElementTree as E\nfor e in E.fromstring(sys.stdin.buffer.read()).iter():\n if e.text and e.text.strip(): print(e.text)'
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], { input: svg, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout.trimEnd().split('\n')
}

/** The SVG of one panel. */
function panelIn(svg: string, id: number): string {
  const begin = svg.indexOf(`<g id="panel-${id}"`)
  assert.ok(begin >= 0, `panel ${id} is not drawn`)
  return svg.slice(begin, svg.indexOf('\n', begin))
}

describe('the drawn dashboard', () => {
  const svg = drawDashboard(dashboard, runOf(dashboard))

  for (const { id, title, type, targets } of dashboard.panels) {
    it(`has panel ${id} with its title and its data: ${title}`, () => {
      const panel = panelIn(svg, id)
      assert.ok(panel.includes(`>${title}<`))
      assert.doesNotMatch(panel, /no data/i)
      const shown = { timeseries: '<path ', stat: 'font-size="30"', table: '>Value<' }[type] ?? assert.fail(type)
      assert.equal(panel.split(shown).length - 1, type === 'timeseries' ? 2 * targets.length : targets.length)
    })
  }

  it('is the same for the same run', () => {
    assert.equal(drawDashboard(readDashboard(), runOf(dashboard)), svg)
  })

  it('is well-formed, also with characters that SVG and XML know otherwise', () => {
    assert.ok(textsOf(svg).includes('KernelSeal'))
    const odd: Dashboard = { ...dashboard, title: 'a < b & "c" \u0007' }
    assert.ok(textsOf(drawDashboard(odd, runOf(odd))).some((text) => text.startsWith('a < b & "c" ')))
    assert.ok(textsOf(drawTerminal('x', ['<a> & "b"'])).includes('<a> & "b"'))
  })

  it('refuses a panel of a type that it cannot draw, and one that the run does not know', () => {
    const added = { ...dashboard.panels[0]!, id: 99 }
    assert.throws(
      () => drawDashboard({ ...dashboard, panels: [...dashboard.panels, added] }, runOf(dashboard)),
      /panel 99/,
    )
    const heat = { ...dashboard, panels: [{ ...added, type: 'heatmap' }] }
    assert.throws(() => drawDashboard(heat, runOf(heat)), /`heatmap`/)
  })
})

describe('a query without data', () => {
  it('is reported, and leaves its panel with words', () => {
    const all = dashboard.panels.flatMap(({ id, targets }) => targets.map(({ refId }) => `${id} ${refId}`))
    const run = runOf(dashboard, all)
    const svg = drawDashboard(dashboard, run)
    for (const { id } of dashboard.panels) assert.match(panelIn(svg, id), />No data</)
    const reported = emptyQueries(run, dashboard).map((line) =>
      /^panel (\d+), .*, query (\w+): /.exec(line)?.slice(1).join(' '),
    )
    assert.deepEqual(reported, all)
  })

  it('is named in the legend where other queries of the panel have data', () => {
    const panel = dashboard.panels.find(({ type, targets }) => type === 'timeseries' && targets.length > 1)!
    const drawn = panelIn(drawDashboard(dashboard, runOf(dashboard, [`${panel.id} B`])), panel.id)
    assert.match(drawn, /: no data</)
    assert.doesNotMatch(drawn, />No data</)
  })

  it('is one whose values are all missing, too', async () => {
    const panels = await evaluate(dashboard, async () => [{ labels: {}, values: [null, null] }])
    assert.ok(panels.every(({ answers }) => answers.every(({ series }) => series.length === 0)))
  })
})

describe('an expression that Prometheus is asked', () => {
  it('has no variable of Grafana any more', () => {
    for (const { targets } of dashboard.panels)
      for (const query of targets) assert.doesNotMatch(expressionOf(query, dashboard), /\$/)
  })

  it('with a variable that has no value for all is refused', () => {
    const query = { refId: 'A', expr: 'up{job="$job"}', legendFormat: '' }
    assert.throws(() => expressionOf(query, dashboard), /`\$job`.*give the variable one/)
  })
})
