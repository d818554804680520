// The side panel of the chosen cell. It stays open while moving, and the next page remembers it.

import { sessionOf } from "./sender.js";

const REMEMBERED = "kc.entry.panel";
const PAUSE = 200; // milliseconds on a cell before its panel is asked for

export class Panel {
  constructor({ table, desk, grid }) {
    Object.assign(this, { table, desk, grid });
    this.place = document.getElementById("panel");
    this.button = document.querySelector("[data-panel-toggle]");
    this.button.addEventListener("click", () => this.toggle());
    this.place.addEventListener("change", ({ target }) => {
      if ("panelNote" in target.dataset) this.#note(target);
    });
    this.place.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.grid.box?.focus();
    });
    this.#show(read() === "open");
  }

  get isOpen() {
    return !this.place.hidden;
  }

  toggle(isOpen = !this.isOpen) {
    this.#show(isOpen);
    write(isOpen ? "open" : "closed");
    if (isOpen) this.#load();
  }

  #show(isOpen) {
    this.place.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
  }

  follow(figure) {
    this.figure = figure;
    clearTimeout(this.timer);
    if (this.isOpen) this.timer = setTimeout(() => this.#load(), PAUSE);
  }

  /** After the chosen figure was saved: its history has grown. */
  refresh(keys) {
    if (this.isOpen && this.figure && keys.includes(this.figure.key) && !this.place.contains(document.activeElement)) this.#load();
  }

  /** Open with the figure of a row whose values are computed, or of a link. */
  openAt(url) {
    this.figure = null;
    this.#show(true);
    write("open");
    this.#fetch(url);
  }

  #load() {
    if (this.figure) this.#fetch(this.#address(this.figure));
  }

  #address({ report, indicator, unit }) {
    const { detail, units } = this.table.dataset;
    const url = units ? detail.replace("/0/", `/${report}/`) : detail.replace("/0/", `/${indicator}/`);
    return unit ? `${url}?don-vi=${unit}` : url;
  }

  async #fetch(url) {
    this.asked = url;
    try {
      const response = await fetch(url, { headers: { "HX-Request": "true" }, redirect: "manual" });
      if (sessionOf(response) || !response.ok || this.asked !== url) return;
      this.place.innerHTML = await response.text();
      window.htmx?.process(this.place);
      const note = this.place.querySelector("[data-panel-note]");
      if (note && this.figure) note.value = this.desk.meant(this.figure, "note");
    } catch {
      this.place.textContent = "Chưa tải được chi tiết: đang mất kết nối.";
    }
  }

  #note(box) {
    if (!this.figure) return;
    this.desk.take([{ figure: this.figure, field: "note", value: box.value }]);
  }
}

const read = () => {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
};

const write = (state) => {
  try {
    localStorage.setItem(REMEMBERED, state);
  } catch {
    // not remembered, then
  }
};
