// A form is sent once, and after a refusal the reader lands on the first field to mend.

export function guardForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[aria-busy]").forEach((form) => {
      form.removeAttribute("aria-busy");
    });
  });
  focusFirstError(document);
  document.addEventListener("htmx:afterSwap", (event) => focusFirstError(event.target));
}

function focusFirstError(root) {
  const field = root.querySelector('[aria-invalid="true"]');
  if (field) field.focus();
}
