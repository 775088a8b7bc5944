'use strict';
// Tooltips, filters, sorting, search and CSV. Without JavaScript the page is whole, but still.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const GAP = '\u00a0';

// ---- numbers as scripts/formats.py writes them
const grouped = (value, places = 0) => value.toLocaleString('en-US', {minimumFractionDigits: places, maximumFractionDigits: places});
function compact(value) {
  for (const [size, unit] of [[1e12, 'tn'], [1e9, 'bn'], [1e6, 'M'], [1e3, 'k']]) {
    if (Math.abs(value) >= size * 0.9995 && (unit !== 'k' || Math.abs(value) >= 9999.5)) {
      const scaled = value / size, large = Math.abs(scaled);
      return grouped(scaled, large < 9.995 ? 2 : large < 99.95 ? 1 : 0) + GAP + unit;
    }
  }
  return grouped(value, Number.isInteger(value) || Math.abs(value) >= 99.995 ? 0 : 2);
}
const percent = value => grouped(100 * value, Math.abs(value) >= 0.09995 ? 1 : 2) + GAP + '%';
function shown(format, value) {
  if (value === null || value === undefined || Number.isNaN(value)) return '-';
  return {money: compact, percent, count: grouped, number: v => grouped(v, 2)}[format]?.(value) ?? String(value);
}
const monthName = text => new Date(text).toLocaleDateString('en-GB', {month: 'long', year: 'numeric', timeZone: 'UTC'});

// ---- tooltips: of marks on hover, of tiles and months on focus too
const tip = document.getElementById('tip');
function say(element, text, x, y) {
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(x + 12, innerWidth - box.width - 4)) + 'px';
  tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 8 : y + 18) + 'px';
}
for (const element of all('[title]')) {
  element.dataset.tip = element.title;
  element.removeAttribute('title');
}
document.addEventListener('pointermove', event => {
  const mark = event.target.closest?.('[data-tip]');
  if (mark) say(mark, mark.dataset.tip, event.clientX, event.clientY);
  else tip.hidden = true;
});
document.addEventListener('focusin', event => {
  const box = event.target.getBoundingClientRect();
  if (event.target.dataset.tip) say(event.target, event.target.dataset.tip, box.left, box.bottom - 18);
});
document.addEventListener('focusout', () => { tip.hidden = true; });
document.addEventListener('keydown', event => {
  if (event.key === 'Escape') tip.hidden = true;
  const chart = event.target.closest?.('.time');
  const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (!chart || !step) return;
  event.preventDefault();
  const months = all('.months i', chart);
  const old = months.findIndex(month => month.classList.contains('current'));
  const next = months[old < 0 ? (step < 0 ? months.length - 1 : 0) : Math.max(0, Math.min(months.length - 1, old + step))];
  months[old]?.classList.remove('current');
  next.classList.add('current');
  const box = next.getBoundingClientRect();
  say(next, next.dataset.tip, box.left, box.top);
  chart.setAttribute('aria-label', next.dataset.tip);
});

// ---- how old is this page?
const hours = (Date.now() - new Date(document.querySelector('time').dateTime)) / 36e5;
if (hours >= 24) {
  const age = document.getElementById('age');
  age.textContent = `, ${Math.floor(hours / 24)} ${hours < 48 ? 'day' : 'days'} ago`;
  age.className = 'red';
}

// ---- filters: marks and rows are hidden by what they are about; sums are made from the cells
const CELLS = Object.fromEntries(Object.entries(JSON.parse(document.getElementById('cells').textContent)).map(
  ([name, [header, ...rows]]) => [name, rows.map(row => Object.fromEntries(header.map((column, i) => [column, row[i]])))]));
const SUMMED = {
  q01_customers_by_nation: ['cells_by_nation', 'nation_name'],
  q02_customers_by_segment: ['cells_by_nation', 'market_segment'],
  q03_customers_by_region: ['cells_by_nation', 'region_name'],
  q04_growth_by_month: ['cells_by_month', 'month_start'],
  q08_revenue_share_by_segment: ['cells_by_month', 'market_segment'],
};
const NAMES = {segment: 'segment', region: 'region', period: 'months'};
const form = document.getElementById('filters');
const chosen = name => form.elements[name].value;
const original = new Map();

function matches(cell) {
  const month = cell.month_start;
  return (!chosen('segment') || cell.market_segment === chosen('segment'))
    && (!chosen('region') || cell.region_name === chosen('region'))
    && (!month || (month >= chosen('from') && month <= chosen('to')));
}
function sums(cells, by) {
  const found = new Map();
  for (const cell of cells) {
    const sum = found.get(cell[by]) ?? {};
    for (const [name, value] of Object.entries(cell)) if (typeof value === 'number') sum[name] = (sum[name] ?? 0) + value;
    found.set(cell[by], sum);
  }
  return found;
}
function wanted(element) {
  const {segment, region, month} = element.dataset;
  return (segment === undefined || !chosen('segment') || segment === chosen('segment'))
    && (region === undefined || !chosen('region') || region === chosen('region'))
    && (month === undefined || (month >= chosen('from').slice(0, 7) && month.slice(0, 7) <= chosen('to').slice(0, 7)));
}
function drawBars(list, found) {
  const {value, part, format} = list.dataset;
  list.querySelector('.rest')?.remove();
  const rows = all('li', list).map(row => ({row, sum: found.get(row.dataset.key) ?? {}}));
  const total = rows.reduce((sum, {sum: one}) => sum + Math.max(0, one[value] ?? 0), 0);
  const most = Math.max(...rows.map(({sum}) => sum[value] ?? 0)) || 1;
  for (const {row, sum} of rows) {
    const [whole, inner] = all('.track i', row);
    whole.style.width = 100 * Math.max(0, sum[value] ?? 0) / most + '%';
    if (inner) inner.style.width = 100 * (sum[part] ?? 0) / most + '%';
    row.querySelector('.end').textContent = `${shown(format, sum[value] ?? 0)} · ${total ? percent(Math.max(0, sum[value] ?? 0) / total) : '-'}`;
    row.dataset.tip = `${row.dataset.key}: ${value} ${grouped(sum[value] ?? 0)}` + (part ? `, ${part} ${grouped(sum[part] ?? 0)}` : '');
  }
  rows.sort((a, b) => (b.sum[value] ?? 0) - (a.sum[value] ?? 0));
  rows.forEach(({row}, i) => { row.hidden = i >= 20 && rows.length > 30; });
  list.append(...rows.map(({row}) => row));
}
function drawTime(chart, values) {
  const months = all('.months i', chart);
  const numbers = months.map(month => values(month));
  const high = Math.max(...numbers, 0) || 1, low = Math.min(...numbers, 0);
  const y = value => 100 * (high - value) / (high - low);
  months.forEach((month, i) => {
    month.dataset.v = numbers[i];
    Object.assign(month.firstChild.style, {bottom: 100 - y(Math.min(numbers[i], 0)) + '%', height: 100 * Math.abs(numbers[i]) / (high - low) + '%'});
    month.dataset.tip = `${monthName(month.dataset.month)}: ${shown(chart.dataset.format, numbers[i])}` + (month.className ? ' (incomplete)' : '');
  });
  const svg = chart.querySelector('svg');
  if (svg) {
    const whole = numbers.filter((_, i) => !months[i].classList.contains('incomplete'));
    const points = whole.map((value, i) => `${i + 0.5},${y(value).toFixed(2)}`).join(' L');
    svg.setAttribute('viewBox', `0 0 ${months.length} 100`);
    svg.querySelector('.area').setAttribute('d', `M.5,${y(0)} L${points} V${y(0)} Z`);
    svg.querySelector('.stroke').setAttribute('d', 'M' + points);
  }
  const grid = chart.querySelector('.grid');
  grid.replaceChildren(...[low, (low + high) / 2, high].map(value => {
    const tick = document.createElement('span');
    tick.style.bottom = 100 - y(value) + '%';
    tick.textContent = shown(chart.dataset.format, value);
    return tick;
  }));
}
function write(cell, value, format) {
  cell.dataset.v = value ?? '';
  cell.textContent = shown(format, value);
}
function fillTable(table, found, by) {
  const header = all('th', table).map(cell => cell.dataset);
  const place = header.findIndex(({column}) => column === by);
  const rows = all('tbody tr', table).map(row => ({cells: [...row.cells], sum: found.get(row.cells[place].textContent) ?? {}}));
  const measures = new Set([...found.values()].flatMap(Object.keys));
  for (const {cells, sum} of rows) {
    header.forEach(({column, format}, i) => {
      if (format === 'text' || format === 'date') return;
      const share = {share_of_customers: 'customers', revenue_share: 'revenue'}[column];
      if (share) {
        const total = rows.reduce((all, row) => all + Math.max(0, row.sum[share] ?? 0), 0);
        write(cells[i], total ? Math.max(0, sum[share] ?? 0) / total : null, format);
      } else write(cells[i], measures.has(column) ? sum[column] ?? 0 : null, format);
    });
  }
}
// customers acquired until each month, whatever months are shown
function cumulated(found) {
  let sum = 0;
  const until = new Map();
  for (const [month, cells] of [...found].sort(([a], [b]) => a < b ? -1 : 1)) {
    sum += cells.new_customers ?? 0;
    until.set(month, sum);
  }
  return until;
}
function filterFigure(figure) {
  const able = new Set();
  const marks = all('[data-segment], [data-region], [data-month]', figure);
  for (const {dataset} of marks) {
    if ('segment' in dataset) able.add('segment');
    if ('region' in dataset) able.add('region');
    if ('month' in dataset) able.add('period');
  }
  marks.filter(mark => !wanted(mark)).forEach(mark => mark.remove());
  all('tbody', figure).filter(body => !body.rows.length).forEach(body => body.replaceChildren());
  let [source, by] = SUMMED[figure.dataset.answer] ?? [];
  // two of one name can't be told apart in the cells
  const names = all('ol.rows li:not(.rest)', figure).map(row => row.dataset.key);
  if (source && new Set(names).size === names.length) {
    ['segment', 'region'].forEach(name => able.add(name));
    if (source === 'cells_by_month') able.add('period');
    const cells = CELLS[source].filter(matches);
    const found = sums(cells, by);
    if (by === 'month_start') {
      const every = CELLS[source].filter(cell => matches({...cell, month_start: ''}));
      const until = cumulated(sums(every, by));
      let last = 0;
      for (const {dataset: {month}} of original.get(figure).months) {
        last = until.get(month) ?? last;
        if (month >= chosen('from') && month <= chosen('to')) {
          found.set(month, {...found.get(month), cumulative_customers: last});
        }
      }
      const people = chosen('segment') || chosen('region');
      for (const chart of all('.time', figure)) {
        drawTime(chart, month => people ? found.get(month.dataset.month)?.[chart.dataset.value] ?? 0 : Number(month.dataset.v));
      }
      if (people) all('table', figure).forEach(table => fillTable(table, found, by));
    } else {
      all('ol.rows', figure).forEach(list => drawBars(list, found));
      all('table', figure).forEach(table => fillTable(table, found, by));
    }
  }
  const wantedFilters = ['segment', 'region', 'period'].filter(isOn);
  const missing = wantedFilters.filter(name => !able.has(name)).map(name => NAMES[name]);
  const used = wantedFilters.filter(name => able.has(name)).map(name => NAMES[name]);
  const note = figure.querySelector('.filtered');
  if (!note) return;
  note.hidden = false;
  note.textContent = (used.length ? `Filtered by ${used.join(' and ')}.` : '') + (missing.length ? ` Not filtered by ${missing.join(' or ')}.` : '');
  if (figure.querySelector('tbody:empty')) note.textContent += ' No row is left.';
  if (used.length) {
    const question = figure.querySelector('.question');
    figure.querySelector('h3').textContent = question.textContent || 'Revenue by month';
    question.hidden = true;
    all('.observed', figure).forEach(sentence => sentence.remove());
  }
}
const months = [...new Set(all('[data-answer=q04_growth_by_month] [data-month]').map(mark => mark.dataset.month))].sort();
function isOn(name) {
  return name === 'period' ? chosen('from') !== months[0] || chosen('to') !== months.at(-1) : chosen(name) !== '';
}
function filterTiles() {
  const nations = CELLS.cells_by_nation.filter(matches), orders = CELLS.cells_by_month.filter(matches);
  const sum = (cells, name) => cells.reduce((total, cell) => total + cell[name], 0);
  const people = isOn('segment') || isOn('region'), period = isOn('period');
  const values = {
    ...(!period && people && {customers: compact(sum(nations, 'customers')), buyers: percent(sum(nations, 'buyers') / sum(nations, 'customers'))}),
    revenue: compact(sum(orders, 'revenue')),
    order_value: shown('money', sum(orders, 'revenue') / (sum(orders, 'orders') || NaN)),
  };
  document.getElementById('findings').textContent = 'What the answers say of all customers';
  for (const tile of all('.tile')) {
    const value = values[tile.dataset.tile];
    tile.classList.toggle('dimmed', value === undefined);
    tile.querySelector('small')?.remove();
    const what = tile.querySelector('span');
    what.textContent = what.textContent.split(', ')[0];
    if (value !== undefined) tile.querySelector('b').textContent = value;
    else what.textContent += ' (of all)';
    tile.setAttribute('aria-label', `${what.textContent}: ${tile.querySelector('b').textContent}`);
  }
}
function refresh() {
  for (const [element, {html}] of original) element.innerHTML = html;
  document.getElementById('findings').textContent = 'What the answers say';
  const on = ['segment', 'region', 'period'].filter(isOn);
  if (on.length) {
    filterTiles();
    for (const element of original.keys()) if (element.matches('figure')) filterFigure(element);
  }
  document.getElementById('shown').textContent = on.length ? 'Sentences of the unfiltered page are hidden. Guests, who have no segment or region, are left out.' : '';
}
function options(name, values, text = value => value) {
  form.elements[name].replaceChildren(...values.map(value => new Option(text(value), value)));
}

// ---- tables: sort by a header, search, CSV
function addTools(figure) {
  const table = figure.querySelector('table');
  if (!table) return;
  const tools = document.createElement('div');
  tools.className = 'tools';
  const download = document.createElement('button');
  download.type = 'button';
  download.dataset.csv = '';
  download.textContent = 'Download CSV';
  if (table.rows.length > 11) {
    const search = document.createElement('input');
    search.type = 'search';
    search.placeholder = 'Search';
    search.setAttribute('aria-label', 'Search this table');
    tools.append(search);
  }
  tools.append(download);
  table.parentElement.before(tools);
  for (const header of all('th', table)) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = header.textContent;
    header.replaceChildren(button);
  }
}
const raw = cell => cell.dataset.v ?? cell.textContent;
document.addEventListener('click', event => {
  const header = event.target.closest('th');
  if (header) {
    const table = header.closest('table'), place = header.cellIndex;
    const down = header.ariaSort === 'ascending' ? -1 : 1;
    all('th', table).forEach(other => other.removeAttribute('aria-sort'));
    header.setAttribute('aria-sort', down > 0 ? 'ascending' : 'descending');
    const key = row => raw(row.cells[place]);
    const empty = text => text === '' || text === '-';
    const rows = all('tbody tr', table).sort((a, b) => {
      const [one, other] = [key(a), key(b)];
      if (empty(one) || empty(other)) return empty(one) - empty(other);
      const difference = one - other;
      return down * (Number.isNaN(difference) ? (one < other ? -1 : one > other) : difference);
    });
    table.tBodies[0].append(...rows);
  }
  if (event.target.matches('[data-csv]')) {
    const figure = event.target.closest('figure'), table = figure.querySelector('table');
    const quoted = text => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const rows = [all('th', table).map(cell => cell.dataset.column),
      ...all('tbody tr', table).filter(row => !row.hidden).map(row => [...row.cells].map(cell => raw(cell) === '-' ? '' : raw(cell)))];
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([rows.map(row => row.map(quoted).join(',') + '\n').join('')], {type: 'text/csv'}));
    link.download = `${figure.id}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
});
document.addEventListener('input', event => {
  if (event.target.type !== 'search') return;
  const words = event.target.value.toLowerCase();
  for (const row of all('tbody tr', event.target.closest('figure'))) row.hidden = !row.textContent.toLowerCase().includes(words);
});

// ---- start
all('figure').forEach(addTools);
if (months.length && CELLS.cells_by_month && CELLS.cells_by_nation) {
  const distinct = name => [...new Set(CELLS.cells_by_nation.map(cell => cell[name]))].sort();
  for (const [name, column] of [['segment', 'market_segment'], ['region', 'region_name']]) {
    options(name, ['', ...distinct(column)], value => value || 'all');
  }
  options('from', months, monthName);
  options('to', months, monthName);
  form.elements.to.value = months.at(-1);
  for (const element of [...all('figure[data-answer]'), ...all('.tiles')]) {
    original.set(element, {html: element.innerHTML, months: all('[data-answer=q04_growth_by_month] .time')[0].querySelectorAll('.months i')});
  }
  form.addEventListener('change', refresh);
  form.addEventListener('reset', () => setTimeout(() => { form.elements.to.value = months.at(-1); refresh(); }));
  form.hidden = false;
}
