// How faces are replaced, the same for all photos and the camera.
import { ask, attempt, part } from "./api.js";

const words = (name) => name.replaceAll("_", " ").toLowerCase().replace("5 o clock", "5 o’clock");
let offers = {};
let changed = () => {};
let timer = 0;

// Draw the controls that the server offers; `onchange` is called when others are in force.
export function showSettings(session, onchange) {
  offers = session;
  changed = onchange;
  const { method, strength, edit, label } = session.settings;
  part("label").value = label;
  part("methods").append(...session.methods.map((offer) => tile(offer, offer.name === method)));
  const signs = new Map(edit.split(",").filter(Boolean).map((item) => [item.slice(1), item[0]]));
  for (const place of ["common", "more"]) {
    part(place).append(...session[place].map((name) => row(name, signs.get(name) ?? "")));
  }
  part("settings").addEventListener("input", (event) => {
    if (event.target.id === "label") return; // half a word is none: see below
    if (event.target.name === "method") arrange();
    clearTimeout(timer);
    timer = setTimeout(() => attempt(send), event.target.id === "amount" ? 250 : 0);
  });
  part("label").addEventListener("change", () => attempt(send));
  part("settings").addEventListener("submit", (event) => event.preventDefault());
  arrange(strength);
}

function tile({ name, label }, checked) {
  const tile = document.createElement("label");
  tile.className = "tile";
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "method", value: name, checked });
  const title = Object.assign(document.createElement("strong"), { textContent: label });
  tile.append(input, title);
  return tile;
}

function row(name, sign) {
  const set = document.createElement("fieldset");
  set.className = "row";
  const legend = Object.assign(document.createElement("legend"), { textContent: words(name) });
  const choices = [["-", "no"], ["", "auto"], ["+", "yes"]].map(([value, text]) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name, value, checked: value === sign });
    label.append(input, Object.assign(document.createElement("span"), { textContent: text }));
    return label;
  });
  const group = document.createElement("div");
  group.append(...choices);
  set.append(legend, group);
  return set;
}

const method = () => new FormData(part("settings")).get("method");

// Show what goes with the method.
function arrange(strength) {
  const { note, strength: range } = offers.methods.find((offer) => offer.name === method());
  document.body.dataset.method = method();
  part("note").textContent = note;
  part("strength").hidden = !range;
  part("attributes").hidden = method() !== "attribute-edit";
  if (!range) return;
  const [lowest, usual, highest] = range;
  Object.assign(part("amount"), { min: lowest, max: highest, step: highest > 1 ? 0.1 : 0.01, value: strength ?? usual });
}

async function send() {
  const form = new FormData(part("settings"));
  const edit = [...offers.common, ...offers.more]
    .filter((name) => form.get(name))
    .map((name) => form.get(name) + name);
  const range = !part("strength").hidden;
  await ask("PUT", "settings", {
    method: method(),
    strength: range ? Number(part("amount").value) : null,
    edit: method() === "attribute-edit" ? edit.join(",") : "",
    label: part("label").value,
  });
  changed();
}
