// The sign-in page: let people see what they type.
const button = document.getElementById("show");
const field = document.getElementById("password");
if (button && field) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    field.focus();
  });
}
