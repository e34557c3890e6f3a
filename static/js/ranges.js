// A slider that mirrors a number field: <input type="range" data-pair="id of the field">.
// Amounts are written with the page's own grouping; the field stays what is sent.

const plain = (text) => Number(text.replace(/[.,](?=\d{3}(\D|$))/g, "").replace(",", "."));

function write(number) {
  return new Intl.NumberFormat(document.documentElement.lang).format(number);
}

export function pairRanges() {
  document.querySelectorAll('input[type="range"][data-pair]').forEach((range) => {
    const field = document.getElementById(range.dataset.pair);
    if (!field) return;
    range.addEventListener("input", () => {
      field.value = write(Number(range.value));
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    range.addEventListener("change", () => {
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
    field.addEventListener("input", () => {
      const number = plain(field.value);
      if (Number.isFinite(number) && number > 0) range.value = String(number);
    });
  });
}
