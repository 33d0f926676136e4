/**
 * The script of a drawn flame graph: enlarging, searching, what is pointed at. It reads what the bars carry as
 * attributes and writes text nodes only, so that no name in a profile can become markup.
 */
export function svgScript(layout: {
  width: number;
  margin: number;
  letterWidth: number;
  rowHeight: number;
}): string {
  return `(${script})(document, ${JSON.stringify(layout)});`;
}

/** In the words of browsers, as text: the lab has no types of the DOM. */
const script = `function (document, layout) {
  'use strict';
  var svg = document.documentElement;
  var space = 'http://www.w3.org/2000/svg';
  var room = layout.width - 2 * layout.margin;
  var detail = document.getElementById('detail');
  var bars = Array.prototype.map.call(document.querySelectorAll('#bars > .bar'), function (node) {
    var title = node.querySelector('title').textContent;
    return {
      node: node, title: title, label: title.slice(0, title.lastIndexOf(' (')), name: node.dataset.name,
      x: Number(node.dataset.x), w: Number(node.dataset.w), depth: Number(node.dataset.d),
      rect: node.querySelector('rect'), text: node.querySelector('text')
    };
  });
  var all = { x: 0, w: 1, depth: 0 };
  var shown = all;
  function fit(bar, wide) {
    var letters = Math.floor((wide - 6) / layout.letterWidth);
    if (letters < 3) return '';
    if (bar.label.length <= letters) return bar.label;
    return bar.name.length <= letters ? bar.name : bar.name.slice(0, letters - 1) + '\\u2026';
  }
  function zoom(to) {
    shown = to;
    var end = to.x + to.w;
    bars.forEach(function (bar) {
      var isAbove = bar.depth < to.depth && bar.x <= to.x + 1e-6 && bar.x + bar.w >= end - 1e-6;
      var isIn = bar.depth >= to.depth && bar.x >= to.x - 1e-6 && bar.x + bar.w <= end + 1e-6;
      bar.node.classList.toggle('above', isAbove);
      bar.node.classList.toggle('out', !isAbove && !isIn);
      if (!isAbove && !isIn) return;
      var left = isAbove ? 0 : (bar.x - to.x) / to.w;
      var wide = (isAbove ? 1 : bar.w / to.w) * room;
      var x = layout.margin + left * room;
      bar.rect.setAttribute('x', x.toFixed(2));
      bar.rect.setAttribute('width', wide.toFixed(2));
      bar.text.setAttribute('x', (x + 3).toFixed(2));
      bar.text.textContent = fit(bar, wide);
    });
    reset.style.display = to === all ? 'none' : '';
  }
  function search(words) {
    var wanted = words.trim().toLowerCase();
    var ends = 0;
    var share = 0;
    var count = 0;
    var found = bars.filter(function (bar) {
      var is = wanted !== '' && bar.depth > 0 && bar.label.toLowerCase().indexOf(wanted) >= 0;
      bar.node.classList.toggle('found', is);
      return is;
    });
    found.sort(function (a, b) { return a.x - b.x || a.depth - b.depth; });
    found.forEach(function (bar) {
      count += 1;
      if (bar.x < ends - 1e-6) return;
      share += bar.w;
      ends = bar.x + bar.w;
    });
    answer.textContent = wanted === '' ? '' : count + ' found, ' + (share * 100).toFixed(1) + ' %';
  }
  function label(id, x, words) {
    var text = document.createElementNS(space, 'text');
    text.id = id;
    text.setAttribute('class', 'fact');
    text.setAttribute('x', x);
    text.setAttribute('y', layout.margin + 14);
    text.textContent = words;
    document.getElementById('controls').appendChild(text);
    return text;
  }
  var answer = label('answer', layout.width - layout.margin - 150, '');
  var reset = label('reset', layout.width - layout.margin - 430, 'show all');
  reset.style.cursor = 'pointer';
  reset.style.textDecoration = 'underline';
  reset.addEventListener('click', function () { zoom(all); });
  var frame = document.createElementNS(space, 'foreignObject');
  frame.setAttribute('x', layout.width - layout.margin - 360);
  frame.setAttribute('y', layout.margin - 4);
  frame.setAttribute('width', 200);
  frame.setAttribute('height', 26);
  var input = document.createElementNS('http://www.w3.org/1999/xhtml', 'input');
  input.id = 'search';
  input.setAttribute('type', 'search');
  input.setAttribute('placeholder', 'search (Ctrl-F)');
  input.setAttribute('aria-label', 'search functions');
  input.addEventListener('input', function () { search(input.value); });
  frame.appendChild(input);
  document.getElementById('controls').appendChild(frame);
  function barOf(target) {
    var node = target.closest ? target.closest('.bar') : null;
    return bars.find(function (bar) { return bar.node === node; });
  }
  svg.addEventListener('click', function (event) {
    var bar = barOf(event.target);
    if (bar) zoom(bar.depth === 0 ? all : bar);
  });
  svg.addEventListener('mouseover', function (event) {
    var bar = barOf(event.target);
    detail.textContent = bar ? bar.title : ' ';
  });
  window.addEventListener('keydown', function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key === 'f') {
      event.preventDefault();
      input.focus();
    }
    if (event.key === 'Escape') {
      input.value = '';
      search('');
      if (shown !== all) zoom(all);
    }
  });
  zoom(all);
}`;
