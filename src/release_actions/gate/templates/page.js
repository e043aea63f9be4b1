document.body.classList.remove("without-script");
const table = document.getElementById("findings-table");
if (table) {
  const rows = [...table.tBodies[0].rows];
  const buttons = [...document.querySelectorAll("[data-level]")];
  const search = document.getElementById("search");
  const count = document.getElementById("findings-count");
  const show = () => {
    const level = buttons.find((button) => button.getAttribute("aria-pressed") === "true").dataset.level;
    const words = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = (level === "all" || row.dataset.of === level) && row.textContent.toLowerCase().includes(words);
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${rows.length} shown`;
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      show();
    });
  }
  search.addEventListener("input", show);
  show();
}
