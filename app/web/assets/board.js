// Keeps the board live: takes the server's HTML as it comes and changes only what differs, so that
// focus, selection and a screen reader's place stay where they are.
"use strict";

const board = document.getElementById("board");
const live = document.getElementById("live");
const asOf = document.getElementById("as-of");
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
let heard = null;
let quiet = 0;
let source = null;

function say(state, words) {
  if (live.dataset.state === state && live.textContent === words) return;
  live.dataset.state = state;
  live.textContent = words;
}

function show(moment) {
  asOf.dateTime = moment;
  asOf.textContent = clock.format(new Date(moment));
}

function key(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

// Where children have keys, bring them into the new order first; a row keeps its identity.
function order(now, next) {
  const known = new Map();
  for (const child of now.children) if (key(child) !== null) known.set(key(child), child);
  if (!known.size) return;
  [...next.childNodes].forEach((child, place) => {
    const mine = known.get(key(child));
    const there = now.childNodes[place] ?? null;
    if (mine && mine !== there) now.insertBefore(mine, there);
    else if (!mine && key(child) !== null) now.insertBefore(child.cloneNode(true), there);
  });
}

function attributes(now, next) {
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
  for (const { name, value } of next.attributes) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
}

function changed(cell) {
  if (!cell || !cell.matches("td, dd.big")) return;
  cell.classList.remove("changed");
  void cell.getBoundingClientRect(); // begins the animation anew
  cell.classList.add("changed");
}

function morph(now, next) {
  if (now.nodeType !== next.nodeType || now.nodeName !== next.nodeName) {
    now.replaceWith(next.cloneNode(true));
    return;
  }
  if (now.nodeType === Node.TEXT_NODE) {
    if (now.data !== next.data) {
      now.data = next.data;
      changed(now.parentElement);
    }
    return;
  }
  attributes(now, next);
  order(now, next);
  const wanted = [...next.childNodes];
  wanted.forEach((child, place) => {
    if (now.childNodes[place]) morph(now.childNodes[place], child);
    else now.append(child.cloneNode(true));
  });
  while (now.childNodes.length > wanted.length) now.lastChild.remove();
}

function take(message) {
  const { html, as_of } = JSON.parse(message.data);
  const next = document.createElement("main");
  next.innerHTML = html;
  for (const { name, value } of board.attributes) next.setAttribute(name, value);
  morph(board, next);
  heard = Date.now();
  quiet = 0;
  show(as_of);
  say("live", "Live");
}

function lost() {
  quiet += 1;
  // A quick reconnection is nobody's concern; the browser tries by itself unless it was refused.
  if (quiet > 1) say("lost", "Reconnecting…");
  if (source.readyState !== EventSource.CLOSED) return;
  setTimeout(again, Math.min(30, 2 ** quiet) * 1000);
}

async function again() {
  try {
    const answer = await fetch(location.href, { redirect: "manual" });
    if (answer.type === "opaqueredirect") return location.reload(); // the key is no longer good
  } catch {
    // still away
  }
  connect();
}

function connect() {
  source = new EventSource(board.dataset.stream);
  source.addEventListener("board", take);
  source.addEventListener("error", lost);
}

// A board on a wall must not look fresh when it is not: the server speaks at least every minute.
setInterval(() => {
  if (heard !== null && Date.now() - heard > 90_000) {
    say("lost", `Not live since ${clock.format(new Date(heard))}`);
  }
}, 5_000);

show(asOf.dateTime);
connect();
addEventListener("pagehide", () => source.close());
addEventListener("pageshow", (event) => event.persisted && connect());
