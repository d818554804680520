// Moving, typing, selecting, copying and pasting, as people know it from Excel.
//
// A chosen cell is in one of three modes: "move" (arrows go to other cells, typing replaces),
// "type" (typing over, arrows still go on) and "edit" (F2 or a second click: arrows stay inside).

import { readBlock, writeBlock } from "./tsv.js";

const MOST_PASTED = 5000;

export class Grid {
  constructor({ book, desk, announce, chosen, typing, toggleDetail, openMenu }) {
    Object.assign(this, { book, desk, announce, chosen, typing, toggleDetail, openMenu });
    this.table = book.table;
    this.mode = "move";
    this.box = null; // the chosen cell
    this.extent = null; // the other corner of a selected range
    const on = (name, handler) => this.table.addEventListener(name, handler);
    on("focusin", (event) => this.#focused(event));
    on("focusout", (event) => this.#left(event));
    on("keydown", (event) => this.#key(event));
    on("input", (event) => this.#typed(event));
    on("copy", (event) => this.#copy(event));
    on("cut", (event) => this.#copy(event, { andClear: true }));
    on("paste", (event) => this.#paste(event));
    on("mousedown", (event) => this.#press(event));
    on("mouseover", (event) => this.#drag(event));
    on("dblclick", (event) => isBox(event.target) && this.#edit());
    addEventListener("mouseup", () => (this.isPressed = false));
  }

  /** What was typed into the chosen cell goes into the queue. */
  commit() {
    const { box } = this;
    if (!box?.dataset.dirty) return;
    delete box.dataset.dirty;
    const figure = this.book.of(box);
    const value = box.dataset.field === "note" ? box.value : box.value.trim();
    const taken = this.desk.take([{ figure, field: box.dataset.field, value }]);
    if (!taken) this.#restore();
    this.typing(null);
  }

  /** The boxes of the selected range, row by row; the chosen cell alone if there is none. */
  range() {
    if (!this.box) return [];
    if (!this.extent || this.extent === this.box) return [[this.box]];
    const rows = this.book.rows();
    const [one, other] = [this.box, this.extent].map((box) => place(rows, box));
    if (!one || !other) return [[this.box]];
    const [top, bottom] = [one.row, other.row].sort((a, b) => a - b);
    const [left, right] = [one.column, other.column].sort((a, b) => a - b);
    return rows.slice(top, bottom + 1).map((row) => row.slice(left, right + 1));
  }

  /** Write one text into every chosen cell, in one step. */
  fill(value) {
    const boxes = this.range().flat().filter(Boolean);
    const open = boxes.filter((box) => !box.readOnly);
    for (const box of boxes) delete box.dataset.dirty;
    this.desk.take(
      open.map((box) => ({ figure: this.book.of(box), field: box.dataset.field, value: typeof value === "function" ? value(box) : value })),
    );
    if (open.length < boxes.length) this.announce(`${boxes.length - open.length} ô đã khóa, không đổi.`, { visibly: true });
    this.#select();
  }

  focus(box) {
    this.#clearRange();
    box.focus();
    box.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #focused({ target }) {
    if (!isBox(target)) return;
    if (this.box !== target) this.#clearRange();
    this.box = target;
    if (this.mode !== "edit" || this.editing !== target) this.#become("move");
    if (!this.isPressed) this.#select();
    this.table.querySelector(".is-current")?.classList.remove("is-current");
    target.closest("[data-line]").classList.add("is-current");
    this.chosen(target, this.book.of(target));
  }

  #left({ target }) {
    if (isBox(target)) this.commit();
  }

  #become(mode) {
    this.mode = mode;
    this.editing = mode === "edit" ? this.box : null;
    if (this.box) this.box.dataset.mode = mode;
  }

  #select() {
    if (this.mode === "move" && document.activeElement === this.box) this.box.select();
  }

  #edit() {
    if (!this.box || this.box.readOnly) return;
    this.#clearRange();
    this.#become("edit");
    const end = this.box.value.length;
    this.box.setSelectionRange(end, end);
  }

  #typed({ target }) {
    if (!isBox(target)) return;
    this.box = target;
    if (this.mode === "move") this.#become("type");
    this.#clearRange();
    target.dataset.dirty = "1";
    this.typing(target, this.book.of(target));
  }

  #restore() {
    const { box } = this;
    const figure = this.book.of(box);
    box.value = this.desk.meant(figure, box.dataset.field);
    delete box.dataset.dirty;
    this.desk.hold(figure);
  }

  #escape() {
    const { box } = this;
    const figure = this.book.of(box);
    const isHeld = this.desk.queue.get(figure.key)?.held;
    if (box.dataset.dirty) {
      this.#restore();
      this.typing(null);
    } else if (isHeld && this.mode === "move" && !this.extent) {
      this.desk.drop(figure);
    }
    this.#clearRange();
    this.#become("move");
    this.#select();
  }

  #key(event) {
    if (!isBox(event.target) || event.isComposing) return;
    const isNote = event.target.dataset.field === "note";
    const isInside = this.mode === "edit" || (this.mode === "type" && isNote);
    const move = (down, across) => {
      event.preventDefault();
      if (event.shiftKey && this.mode === "move" && event.key.startsWith("Arrow")) this.#extend(down, across);
      else this.#go(down, across);
    };
    if (event.ctrlKey || event.metaKey) {
      this.#control(event);
      return;
    }
    switch (event.key) {
      case "ArrowDown":
        if (event.altKey) {
          event.preventDefault();
          this.openMenu();
        } else move(1, 0);
        break;
      case "ArrowUp":
        move(-1, 0);
        break;
      case "ArrowLeft":
        if (!isInside) move(0, -1);
        break;
      case "ArrowRight":
        if (!isInside) move(0, 1);
        break;
      case "Enter":
        event.preventDefault();
        this.#go(event.shiftKey ? -1 : 1, 0);
        break;
      case "Tab":
        if (this.#goOn(event.shiftKey ? -1 : 1)) event.preventDefault();
        break;
      case "F2":
        event.preventDefault();
        if (this.mode === "edit") this.#become("move");
        else this.#edit();
        this.#select();
        break;
      case "Escape":
        event.preventDefault();
        this.#escape();
        break;
      case "Delete":
        if (this.mode === "move") {
          event.preventDefault();
          this.fill("");
        }
        break;
      default:
    }
  }

  #control(event) {
    const key = event.key.toLowerCase();
    const isTyping = Boolean(this.box.dataset.dirty);
    if (key === "enter") {
      event.preventDefault();
      this.commit();
      this.toggleDetail();
    } else if (key === "home" || key === "end") {
      event.preventDefault();
      const boxes = this.book.rows().flat().filter(Boolean);
      const column = this.book.rows().filter((row) => row[0]);
      this.focus(key === "home" ? boxes[0] : column.at(-1)[0]);
    } else if (!isTyping && (key === "z" || key === "y")) {
      event.preventDefault();
      this.step(key === "z" && !event.shiftKey ? "undo" : "redo");
    }
  }

  /** Undo or redo one step: a cell, or a whole block. */
  step(which) {
    const step = this.desk[which]();
    const done = which === "undo" ? "Đã hoàn tác" : "Đã làm lại";
    if (!step) {
      this.announce(which === "undo" ? "Không còn gì để hoàn tác." : "Không còn gì để làm lại.");
      return;
    }
    const box = step[0].figure.boxes[step[0].field];
    if (box && !box.closest("[hidden]")) this.focus(box);
    this.announce(step.length === 1 ? `${done}: ${step[0].figure.name}.` : `${done} ${step.length} ô.`);
  }

  #go(down, across) {
    const rows = this.book.rows();
    const here = place(rows, this.box);
    if (!here) return;
    let { row, column } = here;
    do {
      row += down;
      column += across;
    } while (rows[row] && down && !rows[row][column]);
    const next = rows[row]?.[column];
    if (next) this.focus(next);
    else {
      this.commit();
      this.#become("move");
      this.#select();
    }
  }

  #goOn(by) {
    const boxes = this.book.rows().flat().filter(Boolean);
    const next = boxes[boxes.indexOf(this.box) + by];
    if (next) this.focus(next);
    return Boolean(next);
  }

  #extend(down, across) {
    const rows = this.book.rows();
    const from = place(rows, this.extent ?? this.box);
    if (!from) return;
    let row = from.row + down;
    while (rows[row] && down && !rows[row][from.column]) row += down;
    const next = rows[row]?.[from.column + across];
    if (next) this.#choose(next);
  }

  #choose(extent) {
    this.extent = extent;
    this.#paint();
    extent.scrollIntoView({ block: "nearest", inline: "nearest" });
    const boxes = this.range().flat().filter(Boolean);
    this.announce(`Đã chọn ${boxes.length} ô.`);
  }

  #clearRange() {
    this.extent = null;
    this.#paint();
  }

  #paint() {
    for (const box of this.table.querySelectorAll(".in-range")) box.classList.remove("in-range");
    if (!this.extent || this.extent === this.box) return;
    for (const box of this.range().flat()) box?.closest("[data-box]").classList.add("in-range");
  }

  #press(event) {
    const box = event.target.closest("[data-box]")?.querySelector("[data-cell]");
    if (!box || event.button !== 0) return;
    if (event.target.closest("button")) return;
    if (event.shiftKey && this.box && document.activeElement === this.box) {
      event.preventDefault();
      this.#choose(box);
      return;
    }
    if (document.activeElement === box) {
      // A second click goes into the text, as a double click does.
      if (this.mode === "move" && event.target === box && !this.extent) this.#edit();
      this.#clearRange();
      return;
    }
    event.preventDefault();
    this.isPressed = true;
    box.focus();
    box.select();
  }

  #drag(event) {
    if (!this.isPressed || event.buttons !== 1) return;
    const box = event.target.closest("[data-box]")?.querySelector("[data-cell]");
    if (box && box !== this.extent && (box !== this.box || this.extent)) this.#choose(box);
  }

  #copy(event, { andClear = false } = {}) {
    if (!isBox(event.target) || this.mode !== "move") return;
    event.preventDefault();
    const rows = this.range().map((row) => row.map((box) => box?.value ?? ""));
    event.clipboardData.setData("text/plain", writeBlock(rows));
    this.announce(`Đã chép ${rows.flat().length} ô.`);
    if (andClear) this.fill("");
  }

  #paste(event) {
    if (!isBox(event.target)) return;
    const block = readBlock(event.clipboardData.getData("text/plain"));
    const isOne = block.length === 1 && block[0].length === 1;
    if (isOne && this.mode !== "move") return; // into the text
    event.preventDefault();
    delete this.box.dataset.dirty;
    if (isOne) this.fill(block[0][0].trim());
    else this.paste(block);
  }

  /** Fill down and right from the chosen cell, as one step; say what had no place. */
  paste(block) {
    const width = Math.max(...block.map((row) => row.length));
    if (block.length * width > MOST_PASTED) {
      this.announce(`Khối dán có ${block.length} × ${width} ô, quá lớn. Mỗi lần dán nhiều nhất ${MOST_PASTED} ô.`, { visibly: true });
      return;
    }
    const rows = this.book.rows();
    const corners = this.range().flat().filter(Boolean);
    const start = place(rows, corners[0]);
    const changes = [];
    let locked = 0;
    let outside = 0;
    block.forEach((texts, down) =>
      texts.forEach((text, across) => {
        const row = rows[start.row + down];
        const box = row?.[start.column + across];
        if (box && !box.readOnly) {
          const { field } = box.dataset;
          changes.push({ figure: this.book.of(box), field, value: field === "note" ? text : text.trim() });
        } else if (box) locked += 1;
        else if (text.trim() && !(row && row[0] === null)) outside += 1; // a ratio's row is computed
      }),
    );
    this.#become("move");
    const taken = this.desk.take(changes);
    const last = rows[Math.min(start.row + block.length, rows.length) - 1];
    const corner = last?.[Math.min(start.column + width, last.length) - 1];
    if (corner && corner !== this.box) this.#choose(corner);
    const said = [`Đã dán ${changes.length} ô${taken < changes.length ? `, ${taken} ô thay đổi` : ""}.`];
    if (locked) said.push(`${locked} ô đã khóa, không dán vào.`);
    if (outside) said.push(`Khối dán lớn hơn bảng: ${outside} ô không có chỗ, chưa dán.`);
    this.announce(said.join(" "), { visibly: locked + outside > 0 });
  }
}

const isBox = (element) => element instanceof HTMLElement && "cell" in element.dataset;

const place = (rows, box) => {
  const row = rows.findIndex((each) => each.includes(box));
  return row < 0 ? null : { row, column: rows[row].indexOf(box) };
};
