// A form's fields as the JSON the API takes: dotted names nest, numbers are numbers, empty optional fields stay away.

/** The form's values. `data-number` makes a number, `data-flag` true or false, `data-null` on the chosen field null. */
export function valuesOf(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || isUnchosen(field)) continue;
    const value = valueOf(field);
    if (value !== undefined) place(values, field.name.split("."), value);
  }
  return values;
}

const isUnchosen = (field) => (field.type === "radio" || field.type === "checkbox") && !field.checked;

function valueOf(field) {
  if ("null" in field.dataset) return null;
  const plain = field.value.trim();
  if (plain === "" && !field.required) return undefined;
  if ("flag" in field.dataset) return plain === "true";
  return "number" in field.dataset ? Number(plain) : plain;
}

function place(values, path, value) {
  const last = path.pop();
  let here = values;
  for (const step of path) here = here[step] ??= {};
  here[last] = value;
}
