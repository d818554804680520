// The cells of the page: what the server has, what is shown, and what state each is in.

export const keyOf = ({ report, indicator, unit }) => `${report}.${indicator}.${unit ?? ""}`;

/** One figure: its version and what the server has; `text` and `note` are its boxes, if shown. */
class Figure {
  constructor(input) {
    const { report, indicator, unit, version, saved, note, column } = input.dataset;
    this.report = Number(report);
    this.indicator = Number(indicator);
    this.unit = unit ? Number(unit) : null;
    this.key = keyOf(this);
    this.version = Number(version ?? 0);
    this.saved = { text: saved ?? "", note: note ?? "" };
    this.boxes = {};
    this.line = input.closest("[data-line]");
    this.name = `${this.line.dataset.name}, ${column}`;
    this.column = column;
    this.isOpen = "open" in input.dataset;
  }
}

export class Book {
  constructor(table) {
    this.table = table;
    this.figures = new Map();
    for (const input of table.querySelectorAll("[data-cell]")) {
      const { field } = input.dataset;
      const key = keyOf({ ...input.dataset, unit: input.dataset.unit || null });
      if (!this.figures.has(key)) this.figures.set(key, new Figure(input));
      const figure = this.figures.get(key);
      figure.boxes[field] = input;
      if (field === "note") figure.saved.note = input.value;
      input.readOnly = !figure.isOpen;
    }
  }

  of(input) {
    return this.figures.get(keyOf({ ...input.dataset, unit: input.dataset.unit || null }));
  }

  get(key) {
    return this.figures.get(key);
  }

  /** Rows that are in sight, each a list of its boxes; null where a row has none (a ratio). */
  rows() {
    return [...this.table.querySelectorAll("[data-line]:not([hidden])")].map((line) => {
      const boxes = [...line.querySelectorAll("[data-cell]")];
      return boxes.length ? boxes : [null];
    });
  }

  lock(figure, isLocked) {
    figure.isOpen = !isLocked;
    for (const box of Object.values(figure.boxes)) box.readOnly = isLocked;
  }

  show(figure, field, value) {
    const box = figure.boxes[field];
    if (box && box.value !== value) box.value = value;
  }

  /** Mark the box of a field: saving, waiting, saved, refused, conflict, changed, or nothing. */
  mark(figure, field, state, words = "") {
    const box = figure.boxes[field] ?? figure.boxes.text;
    const place = box.closest("[data-box]");
    if (state) place.dataset.state = state;
    else delete place.dataset.state;
    const mark = place.querySelector("[data-mark]");
    mark.title = words || WORDS[state] || "";
    mark.textContent = SIGNS[state] ?? "";
    box.toggleAttribute("aria-invalid", state === "refused" || state === "conflict");
    if (box.hasAttribute("aria-invalid")) box.setAttribute("aria-invalid", "true");
  }

  kind(figure, state) {
    const place = figure.boxes.text?.closest("[data-box]");
    if (place) place.dataset.kind = state;
  }

  /** Write what stands beside the cells: lũy kế, % kế hoạch năm. `isPreview`: not saved yet. */
  beside(report, around, { isPreview = false } = {}) {
    if (String(report) !== this.table.dataset.report || this.table.dataset.units) return;
    for (const [indicator, beside] of Object.entries(around)) {
      const line = this.table.querySelector(`[data-line][data-indicator="${indicator}"]`);
      if (!line) continue;
      for (const place of line.querySelectorAll("[data-beside]")) {
        place.textContent = beside[place.dataset.beside];
        place.classList.toggle("is-preview", isPreview && place.dataset.beside !== "before");
      }
      const share = line.querySelector('[data-beside="percent"]');
      if (share) share.title = beside.percent_words;
      const missing = line.querySelector("[data-missing]");
      if (missing) missing.textContent = beside.missing ? `thiếu ${beside.missing} kỳ` : "";
      if (!isPreview) {
        line.dataset.fillable = (beside.activities || beside.units).split(" ")[0];
        line.dataset.fillableFrom = beside.activities ? "hoạt động" : "đơn vị";
      }
    }
  }

  totals(report, feet) {
    const { units } = this.table.dataset;
    const foot = units && feet[units];
    if (!foot) return;
    for (const place of this.table.querySelectorAll(`tfoot [data-report="${report}"]`)) {
      place.textContent = foot[place.dataset.total];
    }
  }

  /** Say something in the figure's row, with buttons: [label, action]. Empty text takes it off.
   *
   * What others did ("changed") stands beside what is wrong, until the cell is settled. */
  say(figure, kind, text, buttons = []) {
    const says = figure.line.querySelector("[data-says]");
    const isNews = kind === "changed";
    const plain = `say-${figure.key.replaceAll(".", "-")}`;
    const id = isNews ? `${plain}-news` : plain;
    document.getElementById(id)?.remove();
    if (kind !== "changed" && kind !== "preview") document.getElementById(`${plain}-news`)?.remove();
    // What the server wrote into the page of a form without script.
    says.querySelector(".is-refused:not([id])")?.remove();
    if (!text) return;
    const said = document.createElement("span");
    said.id = id;
    said.className = `say is-${kind === "preview" ? "refused" : kind}`;
    const whose = this.table.dataset.units ? `${figure.column}: ` : "";
    said.append(whose + text);
    for (const [label, action] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain-button";
      button.textContent = label;
      button.addEventListener("click", action);
      said.append(" ", button);
    }
    says.append(said);
  }
}

const SIGNS = { saving: "…", waiting: "↑", saved: "✓", refused: "!", conflict: "≠", changed: "●", closed: "×", returned: "↩" };
const WORDS = {
  saving: "đang lưu",
  waiting: "chờ gửi",
  saved: "đã lưu",
  refused: "không nhận",
  conflict: "người khác vừa sửa",
  changed: "người khác vừa nhập",
  closed: "đã khóa",
  returned: "bị trả lại",
};
