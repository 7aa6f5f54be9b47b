"""What the viewer shows, as numbers."""

from __future__ import annotations

import base64

import numpy as np
from playwright.sync_api import Page

CANVAS = ".cornerstone-viewport-element canvas.cornerstone-canvas"
READ = """(selector) => {
  const canvas = document.querySelector(selector);
  if (!canvas) return null;
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let text = "";
  for (let at = 0; at < data.length; at += 4) text += String.fromCharCode(data[at]);
  return { width: canvas.width, height: canvas.height, red: btoa(text) };
}"""


def shown(page: Page) -> np.ndarray:
    """The grey levels of the canvas that OHIF draws on."""
    read = page.evaluate(READ, CANVAS)
    if read is None:
        return np.zeros((0, 0), np.uint8)
    return np.frombuffer(base64.b64decode(read["red"]), np.uint8).reshape(read["height"], read["width"])
