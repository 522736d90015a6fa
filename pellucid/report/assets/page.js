// What a report can do beyond reading: tooltips, keys, other scales and units, sorting and filtering.
// Everything that it shows is in the page without it; the numbers come from the JSON beside each section.
'use strict';
(() => {
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    element.append(...children);
    return element;
  };
  const magnitude = scores => Math.max(0, ...scores.filter(Number.isFinite).map(Math.abs));
  const total = scores => scores.filter(Number.isFinite).reduce((sum, s) => sum + Math.abs(s), 0);

  // One stop of the tab key for each text; arrows go from unit to unit.
  const focusable = text => all(text, '.u').forEach((u, i) => { u.tabIndex = i === 0 ? 0 : -1; });

  // As the page itself writes scores: the largest gets three significant digits, the others as many decimals.
  function written(score, largest, signed) {
    if (!Number.isFinite(score)) return '\u2013';
    const power = largest > 0 ? Math.floor(Math.log10(largest) + 1e-12) : -1;
    let text = power < -4 || power > 6 ? score.toExponential(2).replace('e+', 'e')
                                       : score.toFixed(Math.min(6, Math.max(0, 2 - power)));
    if (!/[1-9]/.test(text)) return text.replace('-', '');
    if (signed && score > 0) text = '+' + text;
    return text.replace(/-/g, '\u2212');
  }

  class Case {
    constructor(section) {
      this.section = section;
      this.data = JSON.parse(section.querySelector('script[type="application/json"]').textContent);
      this.panels = all(section, '.panel');
      this.unit = 'own';
      this.norm = 'none';
      this.scope = 'target';
      this.kinds = {own: this.data.units, token: this.data.tokens};
      for (const u of all(section, '.u[title]')) if (u.dataset.i) u.removeAttribute('title');
      this.addTools();
      this.addPreview();
      this.makeFocusable();
    }

    // Units of the chosen kind: [start, end, segment] in UTF-16 units of the text shown.
    cells() { return this.kinds[this.unit]; }

    scores(target) {
      if (this.unit === 'own') return target.scores;
      if (this.unit === 'token') return target.tokens;
      const sums = this.cells().map(() => 0);
      this.data.tokens.forEach(([start, , segment], i) => {
        const home = start === null ? -1 : this.cells().findIndex(c => c[2] === segment && c[0] <= start && start < c[1]);
        if (home >= 0) sums[home] += target.tokens[i];
      });
      return sums;
    }

    // The scores in the chosen scale, with what colours and numbers depend on.
    view(index) {
      const target = this.data.targets[index];
      const raw = this.scores(target);
      const pool = this.scope === 'all' ? this.data.targets.flatMap(t => this.scores(t)) : raw;
      const by = this.norm === 'max' ? magnitude(pool) : this.norm === 'sum' ? total(raw) : 1;
      const scores = raw.map(s => s === null ? NaN : by > 0 ? s / by : 0);
      const errors = this.unit === 'own' && target.errors ? target.errors.map(e => e === null ? NaN : e / by) : null;
      const largest = this.norm === 'sum' && this.scope === 'all'
        ? Math.max(...this.data.targets.map(t => magnitude(this.scores(t)) / (total(this.scores(t)) || 1)))
        : by > 0 ? magnitude(pool) / by : 0;
      return {target, scores, errors, largest, raw};
    }

    classes(score, largest, signed) {
      const level = largest > 0 && Number.isFinite(score) ? Math.round(20 * Math.min(1, Math.abs(score) / largest)) : 0;
      if (level === 0) return 'u';
      const against = signed && score < 0;
      return 'u ' + (against ? 'n' : 'p') + level + (Math.abs(score) >= largest / 4 ? against ? ' sn' : ' sp' : '');
    }

    update(rebuild) {
      this.panels.forEach((panel, index) => {
        const view = this.view(index);
        if (rebuild) for (const text of all(panel, '.text')) this.cut(text);
        for (const span of all(panel, '.u[data-i]')) {
          const unseen = span.classList.contains('unseen');
          span.className = this.classes(view.scores[span.dataset.i], view.largest, view.target.signed);
          if (unseen) span.classList.add('unseen');
        }
        this.fillTable(panel, view);
      });
      if (rebuild) this.makeFocusable();
    }

    // Spans of the chosen units in a text; its characters stay as they are.
    cut(paragraph) {
      const text = paragraph.textContent;
      const pieces = [];
      let at = 0;
      this.cells().forEach(([start, end, segment], i) => {
        if (start === null || segment !== +paragraph.dataset.segment || start < at) return;
        pieces.push(text.slice(at, start), make('span', {class: 'u', 'data-i': i}, text.slice(start, end)));
        at = end;
      });
      paragraph.replaceChildren(...pieces, text.slice(at));
    }

    textOf(panel, i) {
      const span = panel.querySelector(`.u[data-i="${i}"]`);
      return span ? span.textContent : this.unit === 'own' && this.data.names ? this.data.names[i] : '';
    }

    ranking(scores) {
      return scores.map((s, i) => i).filter(i => Number.isFinite(scores[i]))
        .sort((a, b) => Math.abs(scores[b]) - Math.abs(scores[a]) || a - b);
    }

    fillTable(panel, view) {
      const body = panel.querySelector('.words tbody');
      const order = this.ranking(view.scores).filter(i => this.textOf(panel, i)).slice(0, this.data.top);
      const both = order.some(i => view.scores[i] < 0) && order.some(i => view.scores[i] > 0) && view.target.signed;
      const axisHead = panel.querySelector('.axis');
      const names = view.target.signed ? ['against', 'for'] : ['weak to strong'];
      axisHead.className = both ? 'axis' : 'axis one';
      axisHead.replaceChildren(...(both || !view.target.signed ? names : names.slice(order.some(i => view.scores[i] < 0) ? 0 : 1).slice(0, 1))
        .map(text => make('span', {}, text)));
      const svg = 'http://www.w3.org/2000/svg';
      body.replaceChildren(...order.map(i => {
        const score = view.scores[i];
        const length = view.largest > 0 ? Math.min(1, Math.abs(score) / view.largest) * (both ? 50 : 100) : 0;
        const bar = document.createElementNS(svg, 'svg');
        const put = (name, attributes) => {
          const shape = document.createElementNS(svg, name);
          for (const key in attributes) shape.setAttribute(key, attributes[key]);
          bar.append(shape);
        };
        for (const [key, value] of [['class', 'bar'], ['viewBox', '0 0 100 10'], ['preserveAspectRatio', 'none'], ['aria-hidden', 'true']]) bar.setAttribute(key, value);
        const axis = both ? 50 : 0;
        put('line', {class: 'ax', 'vector-effect': 'non-scaling-stroke', x1: axis, x2: axis, y1: 0, y2: 10});
        const against = score < 0 && view.target.signed;
        put('rect', {class: against ? 'bn' : 'bp', x: against && both ? axis - length : axis, y: 1.5, width: length, height: 7});
        const word = make('td', {}, make('bdi', {}, this.textOf(panel, i).slice(0, 80)));
        return make('tr', {'data-i': i}, word, make('td', {}, bar), make('td', {class: 'r'}, written(score, view.largest, view.target.signed)));
      }));
    }

    describe(panel, i) {
      const view = this.view(this.panels.indexOf(panel));
      const score = view.scores[i];
      const text = this.textOf(panel, i).replace(/\s+/g, ' ').trim();
      const short = text.length > 40 ? text.slice(0, 39) + '\u2026' : text;
      if (!Number.isFinite(score)) return short + '  not seen by the model';
      const order = this.ranking(view.scores);
      const weight = total(view.raw);
      const parts = [written(score, view.largest, view.target.signed)];
      if (view.errors && Number.isFinite(view.errors[i])) parts[0] += ' \u00b1 ' + written(view.errors[i], view.largest, false);
      if (weight > 0) parts.push(Math.round(100 * Math.abs(view.raw[i]) / weight) + ' % of the total');
      parts.push(`rank ${order.indexOf(+i) + 1} of ${order.length}`);
      return '\u2068' + short + '\u2069  ' + parts.join(' \u00b7 ');
    }

    addTools() {
      const kinds = [['own', this.data.unit]];
      if (this.data.targets.every(t => t.tokens) && this.data.tokens) {
        kinds.push(['token', 'token']);
        const sentences = this.sentences();
        if (sentences && sentences.length > 1 && sentences.length < this.data.units.length) {
          this.kinds.sentence = sentences;
          kinds.push(['sentence', 'sentence']);
        }
      }
      const tools = make('div', {class: 'tools'});
      this.addChoice(tools, 'Numbers', 'norm', [['none', 'score'], ['max', 'of largest'], ['sum', 'share']]);
      if (this.panels.length > 1) this.addChoice(tools, 'Colours', 'scope', [['target', 'this class'], ['all', 'all classes']]);
      if (kinds.length > 1) this.addChoice(tools, 'Unit', 'unit', kinds);
      this.section.querySelector('.legend').after(tools);
    }

    addChoice(tools, title, field, choices) {
      const group = make('fieldset', {}, make('legend', {}, title));
      for (const [value, label] of choices) {
        const input = make('input', {type: 'radio', name: this.section.id + field, value});
        input.checked = this[field] === value;
        input.addEventListener('change', () => {
          this[field] = value;
          this.update(field === 'unit');
        });
        group.append(make('label', {}, input, label));
      }
      tools.append(group);
    }

    sentences() {
      if (!window.Intl || !Intl.Segmenter) return null;
      const cells = [];
      for (const text of all(this.panels[0], '.text')) {
        for (const {index, segment} of new Intl.Segmenter(undefined, {granularity: 'sentence'}).segment(text.textContent)) {
          const length = segment.trimEnd().length;
          if (length) cells.push([index, index + length, +text.dataset.segment]);
        }
      }
      return cells;
    }

    // Hovering a class shows its panel until the pointer leaves.
    addPreview() {
      all(this.section, '.tabs label').forEach((label, index) => {
        const peek = on => {
          this.section.classList.toggle('peek', on);
          this.panels[index].classList.toggle('peek', on);
        };
        label.addEventListener('mouseenter', () => peek(true));
        label.addEventListener('mouseleave', () => peek(false));
        label.addEventListener('change', () => {
          history.replaceState(null, '', '#target=' + label.firstElementChild.id);
        });
      });
    }

    makeFocusable() {
      for (const text of all(this.section, '.text')) focusable(text);
    }
  }

  // A text cut into tokens: what stands in the titles moves to the tooltip.
  class Tokens {
    constructor(section) {
      for (const u of all(section, '.u[title]')) {
        u.dataset.facts = u.title;
        u.removeAttribute('title');
      }
      for (const text of all(section, '.text')) focusable(text);
    }

    describe(panel, i) { return panel.querySelector(`.u[data-i="${i}"]`).dataset.facts; }
  }

  const cases = new Map(all(document, '.case').map(section =>
    [section, section.classList.contains('tokens') ? new Tokens(section) : new Case(section)]));
  const tip = document.getElementById('tip');

  function hideTip() {
    tip.style.opacity = 0;
    for (const same of all(document, '.same')) same.classList.remove('same');
  }

  function placeTip(unit) {
    const box = unit.getClientRects()[0] || unit.getBoundingClientRect();
    const left = box.left + Math.min(box.width, 200) / 2 - tip.offsetWidth / 2;
    tip.style.left = Math.max(8, Math.min(innerWidth - tip.offsetWidth - 8, left)) + 'px';
    const above = box.top - tip.offsetHeight - 6;
    tip.style.top = (above > 4 ? above : box.bottom + 6) + 'px';
  }

  function showTip(event) {
    hideTip();
    const unit = event.target.closest('.u[data-i], .words tr[data-i]');
    if (!unit) return;
    const owner = cases.get(unit.closest('.case'));
    const panel = unit.closest('.panel');
    const i = unit.dataset.i;
    tip.textContent = owner.describe(panel, i);
    for (const same of all(panel, `.text .u[data-i="${i}"]`)) if (same !== unit) same.classList.add('same');
    placeTip(unit);
    tip.style.opacity = 1;
  }

  document.addEventListener('mouseover', showTip);
  document.addEventListener('focusin', event => { if (event.target.matches('.u')) showTip(event); });
  document.addEventListener('focusout', hideTip);
  // Going to a unit by keyboard may scroll to it: its tooltip stays.
  document.addEventListener('scroll', () => {
    if (document.activeElement.matches('.u') && tip.style.opacity === '1') placeTip(document.activeElement);
    else hideTip();
  }, {passive: true});

  document.addEventListener('keydown', event => {
    const search = document.querySelector('input[type=search]');
    if (event.key === 'Escape') {
      hideTip();
      if (document.activeElement === search) { search.value = ''; search.dispatchEvent(new Event('input')); }
    } else if (event.key === '/' && search && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.target.matches('.text .u') && /^Arrow(Left|Right)$/.test(event.key)) {
      const units = all(event.target.closest('.text'), '.u');
      const forward = (event.key === 'ArrowRight') === (getComputedStyle(event.target).direction === 'ltr');
      const next = units[units.indexOf(event.target) + (forward ? 1 : -1)];
      if (next) {
        event.preventDefault();
        event.target.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      }
    } else if (event.target.matches('.text .u') && /^Arrow(Up|Down)$/.test(event.key)) {
      const section = event.target.closest('.case');
      const inputs = all(section, '.tabs input');
      const next = inputs[inputs.findIndex(input => input.checked) + (event.key === 'ArrowDown' ? 1 : -1)];
      if (next) {
        event.preventDefault();
        const place = [event.target.dataset.i, event.target.closest('.text').dataset.segment];
        next.checked = true;
        next.dispatchEvent(new Event('change', {bubbles: true}));
        const unit = section.querySelector(`.${next.className.replace('r', 'q')} .text[data-segment="${place[1]}"] .u[data-i="${place[0]}"]`);
        if (unit) { unit.tabIndex = 0; unit.focus(); }
      }
    }
  });

  // Tables with sortable columns: th[data-sort] is "text" or "number"; td[data-v] holds a number that is shown shortened.
  for (const head of all(document, 'th[data-sort]')) {
    const button = make('button', {type: 'button'}, ...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const now = head.getAttribute('aria-sort');
      const down = now === 'descending' ? 1 : now === 'ascending' ? -1 : head.dataset.sort === 'number' ? -1 : 1;
      for (const other of head.parentNode.children) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down < 0 ? 'descending' : 'ascending');
      const body = head.closest('table').tBodies[0];
      const key = row => {
        const cell = row.cells[head.cellIndex];
        return head.dataset.sort === 'number' ? +(cell.dataset.v ?? cell.textContent) : cell.textContent.toLowerCase();
      };
      body.append(...[...body.rows].map(row => [key(row), row])
        .sort(([a], [b]) => (a > b ? 1 : a < b ? -1 : 0) * down).map(([, row]) => row));
    });
  }

  for (const table of all(document, 'table.index')) {
    const search = make('input', {type: 'search', placeholder: 'Filter the texts', 'aria-label': 'Filter the texts'});
    search.addEventListener('input', () => {
      const wanted = search.value.toLowerCase();
      for (const row of table.tBodies[0].rows) {
        const section = document.getElementById(row.dataset.case);
        const text = all(section.querySelector('.panel'), '.text').map(p => p.textContent).join(' ') + ' ' + row.textContent;
        row.hidden = section.hidden = !text.toLowerCase().includes(wanted);
      }
    });
    table.before(search);
  }

  const linked = /^#target=([\w-]+)$/.exec(location.hash);
  const chosen = linked && document.getElementById(linked[1]);
  if (chosen && chosen.type === 'radio') chosen.checked = true;
})();
