/** Horizontal bars as SVG, readable on a light and on a dark page. */

export interface Bars {
  readonly name: string;
  /** Answers per second, one for each series. */
  readonly values: readonly number[];
}

const COLOURS = ['#3b63d6', '#8a94a6', '#c77d2e', '#5a9e6f'];
const [WIDTH, LEFT, RIGHT, BAR, GAP] = [860, 250, 90, 13, 14];

export function chart(series: readonly string[], rows: readonly Bars[], caption: string): string {
  const most = Math.max(...rows.flatMap(({ values }) => values));
  const rowHeight = series.length * BAR + GAP;
  const height = 60 + rows.length * rowHeight + 30;
  const body = rows.flatMap(({ name, values }, index) => {
    const top = 50 + index * rowHeight;
    const label = text(LEFT - 10, top + (values.length * BAR) / 2 + 4, name, 'end');
    const bars = values.map((value, of) => {
      const width = ((WIDTH - LEFT - RIGHT) * value) / most;
      const y = top + of * BAR;
      const rect = `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" fill="${COLOURS[of]}"/>`;
      return rect + text(LEFT + width + 6, y + BAR - 3, Math.round(value).toLocaleString('en'), 'start');
    });
    return [label, ...bars];
  });
  const legend = series.map((name, of) => {
    const x = LEFT + of * 130;
    return `<rect x="${x}" y="18" width="11" height="11" fill="${COLOURS[of]}"/>${text(x + 17, 28, name, 'start')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Answers per second">
<style>svg{background:#fff}text{font:12px system-ui,sans-serif;fill:#1d2433}@media(prefers-color-scheme:dark){svg{background:#14171f}text{fill:#e4e8f0}}</style>
${[...legend, ...body].join('\n')}
${text(10, height - 10, `Answers per second. ${caption}`, 'start')}
</svg>
`;
}

const text = (x: number, y: number, content: string, anchor: string): string =>
  `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${content.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</text>`;
