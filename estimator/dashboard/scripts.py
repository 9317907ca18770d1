"""What runs in a browser besides Streamlit? Five scripts; the page's policy knows their hashes."""

from __future__ import annotations

from typing import Final

# A run that is cut off by the next one is repeated by it, and the file with it: hence the numbers.
SAVE_FILES: Final = """
window.savedFiles ??= new Set();
for (const file of document.querySelectorAll(".file-to-save")) {
  const { number, name, type, content } = file.dataset;
  if (window.savedFiles.has(number)) continue;
  window.savedFiles.add(number);
  const bytes = Uint8Array.from(atob(content), sign => sign.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
"""
"""Saves the files that the page holds, each once."""

END_OPENING: Final = """{
const opening = document.getElementById("opening");
const path = address => new URL(address).pathname;
const end = () => { opening.disabled = true; };
addEventListener("keydown", end, true);
addEventListener("pointerdown", ({ target }) => {
  if (target.closest('[data-testid="stSidebar"]')) end();
}, true);
window.navigation?.addEventListener("navigate", ({ destination, downloadRequest }) => {
  const goes = downloadRequest === null && path(destination.url) !== path(location.href);
  if (goes) opening.disabled = false;
});
}"""
"""Turns off what ``opening.css`` says once somebody edits, until another page opens.

A press of a button on the page itself may bring what a browser still has to fetch.
"""

END_FIRST_ANSWER: Final = """{
const path = address => new URL(address).pathname;
const isShown = each => each.checkVisibility({ visibilityProperty: true });
const all = selector => [...document.querySelectorAll(`[data-testid="stMain"] ${selector}`)];
const isDrawn = () =>
  document.querySelector('[data-test-script-state="notRunning"]') !== null &&
  all(':is(h1, [data-testid="stAlert"])').length > 0 &&
  all('[data-testid="stSkeleton"]').length === 0;
const first = document.getElementById("first-answer");
const totals = first.querySelectorAll(".total").length;
const hasTotals = () => totals > 0 && all(".total").filter(isShown).length >= totals;
const end = () => {
  changes.disconnect();
  first.remove();
};
const changes = new MutationObserver(() => {
  if (hasTotals() || isDrawn()) end();
});
changes.observe(document.getElementById("root"), {
  subtree: true, childList: true, attributeFilter: ["data-test-script-state"],
});
window.navigation?.addEventListener("navigate", ({ destination }) => {
  if (path(destination.url) !== path(location.href)) end();
});
}"""
"""Removes what ``first_answer.py`` shows once the page has its totals, or is drawn without."""

SHOW_RANGES: Final = """{
const found = new Map();
const ask = async run => {
  found.set(run, {});
  let answer;
  do answer = await fetch(`_ranges/${run}`); while (answer.status === 202);
  if (!answer.ok) return;
  found.set(run, await answer.json());
  show();
};
const show = () => {
  for (const each of document.querySelectorAll("[data-run]")) {
    const { run, what } = each.dataset;
    if (!found.has(run)) ask(run);
    const words = found.get(run)[what];
    if (words && each.textContent !== words) each.textContent = words;
  }
};
new MutationObserver(show).observe(
  document.getElementById("root"), { subtree: true, childList: true },
);
}"""
"""Asks for what ``late_ranges.py`` will know, and writes it where it is to stand."""

SHOW_ANSWERS: Final = """{
const begin = '<div class="document" data-answer="';
const end = "</div>";
const text = new TextDecoder();
const showAnswer = message => {
  const said = text.decode(message);
  const from = said.indexOf(begin);
  if (from < 0) return;
  const read = document.createElement("template");
  read.innerHTML = said.slice(from, said.lastIndexOf(end) + end.length);
  const answer = read.content.firstElementChild;
  const { answer: name } = answer.dataset;
  const slots = document.querySelectorAll('[data-testid="stMain"] [data-answer]');
  const slot = [...slots].find(each => each.dataset.answer === name);
  slot?.replaceChildren(...answer.childNodes);
};
const nextFrame = () => Promise.race([
  new Promise(come => requestAnimationFrame(() => setTimeout(come))),
  new Promise(come => setTimeout(come, 100)),
]);
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    const handedOver = new WeakSet();
    let held = [];
    const handOver = () => {
      const messages = held;
      held = [];
      for (const data of messages) {
        const message = new MessageEvent("message", { data });
        handedOver.add(message);
        this.dispatchEvent(message);
      }
    };
    this.addEventListener("message", event => {
      if (handedOver.has(event)) return;
      event.stopImmediatePropagation();
      if (held.length === 0) nextFrame().then(handOver);
      held.push(event.data);
      if (event.data instanceof ArrayBuffer) showAnswer(event.data);
    });
  }
};
}"""
"""Shows the answer of a page as it comes (``document.show_answer``), and all else a frame later.

For what is not handed over together, Streamlit goes through the whole page again, for a tenth of a
second each time. A page in the background has no frames, and waits for a clock. The slot of an
answer has a name that nobody can guess, so that no text poses as one.
"""
IN_THE_PAGE: Final = (END_OPENING, SHOW_RANGES, SHOW_ANSWERS)
"""Those that are there from the beginning."""
ALL: Final = (*IN_THE_PAGE, SAVE_FILES, END_FIRST_ANSWER)
