#include "examples/callgraph/serve/page.h"

namespace callgraph {
namespace {

// Names come from source code and reach the document as text nodes only, never as markup.
constexpr std::string_view kPage = R"page(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>callgraph</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #2563eb; }
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem; }
header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 1.1rem; margin: 0; }
#about { opacity: .7; }
#searching { position: relative; margin: .8rem 0; }
#query { font: inherit; padding: .5rem .7rem; width: 100%; border: 1px solid var(--line);
         border-radius: .4rem; }
#matches { position: absolute; z-index: 1; left: 0; right: 0; margin: 0; padding: 0;
           list-style: none; background: Canvas; border: 1px solid var(--line);
           border-radius: 0 0 .4rem .4rem; max-height: 60vh; overflow: auto; }
#matches:empty { display: none; }
#matches li { padding: .3rem .7rem; cursor: pointer; display: flex; gap: 1rem; }
#matches li.chosen, #matches li:hover { background: var(--soft); }
.place { opacity: .65; font-size: .85em; margin-left: auto; white-space: nowrap; }
code { font: 0.92em ui-monospace, monospace; overflow-wrap: anywhere; }
#trail button { font: inherit; border: 0; background: none; color: var(--accent); cursor: pointer;
                padding: 0 .2rem; }
#filters { display: flex; flex-wrap: wrap; gap: .2rem .9rem; margin: .6rem 0; }
#symbol h2 { font-size: 1.05rem; margin: .8rem 0 .2rem; }
#groups { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1rem; }
#groups h3 { font-size: .95rem; margin: 0 0 .3rem; border-bottom: 1px solid var(--line); }
#groups ul { list-style: none; margin: 0; padding: 0; }
#groups li { display: flex; gap: .6rem; padding: .1rem 0; align-items: baseline; }
#groups a { color: var(--accent); text-decoration: none; }
#groups a:hover, #groups a:focus { text-decoration: underline; }
.sure { font-size: .8em; opacity: .7; }
#picture { overflow: auto; margin-top: 1rem; }
#picture img { max-width: 100%; background: white; }
#notes, #error { padding: .4rem 0; }
#error { color: #c0262d; }
</style>
</head>
<body>
<header><h1>callgraph</h1><span id="about"></span></header>
<div id="searching">
  <input id="query" type="search" autocomplete="off" spellcheck="false" autofocus
         placeholder="A symbol or a file: append, Client::append, entry.h"
         aria-label="Symbol or file" aria-controls="matches">
  <ul id="matches" role="listbox"></ul>
</div>
<nav id="trail" aria-label="Where you were"></nav>
<div id="error" role="alert"></div>
<main id="symbol" hidden>
  <h2><code id="name"></code></h2>
  <div id="mentions"></div>
  <div id="filters" aria-label="Relations"></div>
  <div id="pictures">Picture:
    <button data-question="callers">callers</button>
    <button data-question="callees">callees</button>
    <button data-question="impact">impact</button></div>
  <div id="picture"></div>
  <div id="notes"></div>
  <div id="groups"></div>
</main>
<script>
'use strict';
const at = id => document.getElementById(id);
const hidden = new Set();   // relations that are filtered out
let trail = [], links = [], current = null, asked = 0, chosen = -1;

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

async function get(path, parameters = {}) {
  const answer = await fetch(path + '?' + new URLSearchParams(parameters));
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error);
  return json;
}

function say(error) { at('error').textContent = error ? error.message : ''; }

// What is outside of the project has line 0.
function place(mention) { return mention && mention.line ? mention.file + ':' + mention.line : ''; }

async function search() {
  const mine = ++asked, text = at('query').value.trim();
  try {
    const found = text ? (await get('/api/search', {q: text})).matches : [];
    if (mine !== asked) return;   // a later one is on its way
    at('matches').replaceChildren(...found.map(node => {
      const line = element('li', '', {role: 'option', 'data-usr': node.usr});
      line.append(element('code', node.signature || node.name),
                  element('span', node.kind, {class: 'sure'}),
                  element('span', place(node.mentions[0]), {class: 'place'}));
      line.addEventListener('mousedown', event => { event.preventDefault(); go(node.usr); });
      return line;
    }));
    chosen = -1;
    say(null);
  } catch (error) { say(error); }
}

function choose(step) {
  const lines = [...at('matches').children];
  if (!lines.length) return;
  chosen = (chosen + step + lines.length) % lines.length;
  lines.forEach((line, i) => line.classList.toggle('chosen', i === chosen));
  lines[chosen].scrollIntoView({block: 'nearest'});
}

function go(usr) { location.hash = encodeURIComponent(usr); }

async function open() {
  let usr = '';
  try { usr = decodeURIComponent(location.hash.slice(1)); } catch { return; }
  if (!usr) return;
  ++asked;
  at('matches').replaceChildren();
  try {
    const answer = await get('/api/symbol', {usr});
    current = answer.symbol;
    links = answer.links;
    trail = trail.filter(one => one.usr !== usr).concat([{usr, label: current.label}]).slice(-8);
    at('picture').replaceChildren();
    at('notes').textContent = answer.notes.join(' ');
    at('query').value = '';
    show();
    say(null);
  } catch (error) { say(error); }
}

function show() {
  document.title = current.label + ' · callgraph';
  at('symbol').hidden = false;
  at('name').textContent = current.label;
  at('name').dataset.usr = current.usr;
  at('mentions').replaceChildren(element('span', current.kind + (current.language ?
      ', ' + current.language : '') + ' '),
      ...current.mentions.filter(mention => mention.line).slice(0, 20).map(mention =>
      element('code', (mention.definition ? 'defined ' : 'declared ') + place(mention) + '  ')));
  at('trail').replaceChildren(...trail.map(one => {
    const button = element('button', one.label);
    button.addEventListener('click', () => go(one.usr));
    return button;
  }));
  showFilters();
  showGroups();
}

function showFilters() {
  const there = [...new Set(links.map(link => link.relation))];
  at('filters').replaceChildren(...there.map(relation => {
    const label = element('label'), box = element('input', '', {type: 'checkbox',
                                                                 'data-relation': relation});
    box.checked = !hidden.has(relation);
    box.addEventListener('change', () => {
      box.checked ? hidden.delete(relation) : hidden.add(relation);
      showGroups();
    });
    label.append(box, ' ' + relation);
    return label;
  }));
}

function showGroups() {
  const groups = new Map();
  for (const link of links) {
    if (hidden.has(link.relation)) continue;
    if (!groups.has(link.words)) groups.set(link.words, []);
    groups.get(link.words).push(link);
  }
  at('groups').replaceChildren(...[...groups].map(([words, list]) => {
    const group = element('section', '', {'data-words': words}), lines = element('ul');
    for (const link of list) {
      const line = element('li');
      const anchor = element('a', '', {href: '#' + encodeURIComponent(link.other)});
      anchor.append(element('code', link.label));
      line.append(anchor);
      if (link.certainty !== 'direct') line.append(element('span', link.certainty, {class: 'sure'}));
      line.append(element('span', link.file + ':' + link.line, {class: 'place'}));
      lines.append(line);
    }
    group.append(element('h3', words + ' (' + list.length + ')'), lines);
    return group;
  }));
}

async function draw(question) {
  try {
    const answer = await get('/api/picture', {usr: current.usr, question});
    const image = element('img', '', {alt: question + ' of ' + current.label});
    // As an image, so that nothing within it runs or is fetched.
    image.src = URL.createObjectURL(new Blob([answer.svg], {type: 'image/svg+xml'}));
    at('picture').replaceChildren(image);
    at('notes').textContent = answer.notes.join(' ');
    say(null);
  } catch (error) { say(error); }
}

at('query').addEventListener('input', search);
at('query').addEventListener('blur', () => at('matches').replaceChildren());
at('query').addEventListener('keydown', event => {
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    choose(event.key === 'ArrowDown' ? 1 : -1);
  } else if (event.key === 'Enter') {
    const line = at('matches').children[Math.max(chosen, 0)];
    if (line) go(line.dataset.usr);
  } else if (event.key === 'Escape') {
    at('matches').replaceChildren();
  }
});
for (const button of document.querySelectorAll('#pictures button')) {
  button.addEventListener('click', () => draw(button.dataset.question));
}
window.addEventListener('hashchange', open);
get('/api/info').then(info => {
  at('about').textContent = info.graph + ', ' + info.files + ' files' +
      (info.updated ? ', as of ' + info.updated : '');
}).catch(say);
open();
</script>
</body>
</html>
)page";

}  // namespace

std::string_view page() {
  return kPage;
}

std::string_view page_policy() {
  return "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
         "connect-src 'self'; img-src blob: data:; base-uri 'none'; form-action 'none'; "
         "frame-ancestors 'none'";
}

}  // namespace callgraph
