for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  const text = (row, column) => row.cells[column].dataset.value ?? row.cells[column].innerText.trim();
  const value = (row, column) => Number(text(row, column).replace("−", "-").replace(/[<,]/g, "") || NaN);
  const compare = (first, second, column) => {
    const [a, b] = [value(first, column), value(second, column)];
    if (Number.isNaN(a) && Number.isNaN(b))
      return text(first, column).localeCompare(text(second, column), undefined, { numeric: true });
    return Number.isNaN(a) - Number.isNaN(b) || a - b;
  };
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => (down ? -1 : 1) * compare(a, b, column));
      body.append(...rows);
    });
  });
}
