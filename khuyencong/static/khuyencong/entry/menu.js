// What a cell can be besides a number: one button that follows the chosen cell, and its menu.

export class CellMenu {
  /** `choices()` gives [label, action] for the chosen cell. */
  constructor({ table, choices, closed }) {
    Object.assign(this, { choices, closed });
    this.button = document.createElement("button");
    Object.assign(this.button, { type: "button", className: "cell-menu-button", tabIndex: -1, textContent: "▾" });
    this.button.setAttribute("aria-label", "Lựa chọn của ô (Alt+↓)");
    this.button.setAttribute("aria-haspopup", "menu");
    this.button.setAttribute("aria-expanded", "false");
    this.button.addEventListener("click", () => (this.menu.hidden ? this.open() : this.close()));
    this.menu = document.createElement("div");
    Object.assign(this.menu, { className: "cell-menu menu-list", hidden: true });
    this.menu.setAttribute("role", "menu");
    this.menu.setAttribute("aria-label", "Lựa chọn của ô");
    this.menu.addEventListener("keydown", (event) => this.#key(event));
    document.getElementById("main").append(this.menu);
    document.addEventListener("pointerdown", (event) => {
      if (!this.menu.contains(event.target) && event.target !== this.button) this.close({ andReturn: false });
    });
    table.closest(".sheet-scroll")?.addEventListener("scroll", () => this.close({ andReturn: false }));
  }

  follow(box) {
    if (box.readOnly || box.dataset.field !== "text") this.button.remove();
    else box.closest("[data-box]").append(this.button);
  }

  open() {
    const choices = this.choices();
    if (!choices.length || !this.button.isConnected) return;
    this.menu.replaceChildren(
      ...choices.map(([label, action]) => {
        const item = document.createElement("button");
        Object.assign(item, { type: "button", textContent: label, tabIndex: -1 });
        item.setAttribute("role", "menuitem");
        item.addEventListener("click", () => {
          this.close();
          action();
        });
        return item;
      }),
    );
    this.menu.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    const under = this.button.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.menu;
    this.menu.style.left = `${Math.max(8, Math.min(under.right - offsetWidth, innerWidth - offsetWidth - 8))}px`;
    const isBelow = under.bottom + offsetHeight < innerHeight;
    this.menu.style.top = `${isBelow ? under.bottom : under.top - offsetHeight}px`;
    this.menu.firstElementChild.focus();
  }

  close({ andReturn = true } = {}) {
    if (this.menu.hidden) return;
    this.menu.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (andReturn) this.closed();
  }

  #key(event) {
    const items = [...this.menu.children];
    const here = items.indexOf(document.activeElement);
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      items.at((here + steps[event.key]) % items.length).focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      this.close();
    }
  }
}
