// What is typed goes to the terminal, without a click before.
function type() {
  document.querySelector(".xterm-helper-textarea")?.focus();
}
addEventListener("load", type);
addEventListener("focus", type);
