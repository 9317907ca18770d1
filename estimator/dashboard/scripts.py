"""What runs in a browser besides Streamlit? One script; the page's policy knows it by its hash."""

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
