"""What runs in a browser besides Streamlit? Four scripts; the page's policy knows their hashes."""

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
ALL: Final = (SAVE_FILES, END_OPENING, END_FIRST_ANSWER, SHOW_RANGES)
