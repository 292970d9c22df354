// Letting the person in, the two tabs, and files that are chosen or dropped.
import { ask, attempt, part } from "./api.js";
import { setUpCamera, stop } from "./camera.js";
import { add, setUpPhotos, settingsChanged } from "./photos.js";
import { showSettings } from "./settings.js";

const PICTURES = /\.(jpe?g|jfif|jpe|mpo|png|webp|bmp|tiff?|gif|avif|heic|heif|jp2|ppm)$/i;

async function enter(token) {
  let response;
  try {
    response = await ask("POST", "session", { token });
  } catch (error) {
    if (error.status !== 401) throw error;
    part("door").hidden = false;
    part("token").focus();
    if (token) throw error;
    return;
  }
  part("door").hidden = true;
  part("work").hidden = part("panel").hidden = false;
  const session = await response.json();
  showSettings(session, settingsChanged);
  setUpPhotos(session);
  setUpCamera();
}

// What the address says after the #; as it stands where somebody typed a % of their own.
function decoded(hash) {
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}

function open(place) {
  for (const other of ["photos", "camera"]) {
    part(other).hidden = other !== place;
    part(`tab-${other}`).ariaSelected = String(other === place);
    part(`tab-${other}`).tabIndex = other === place ? 0 : -1;
  }
  document.body.dataset.place = place;
  if (place !== "camera") stop();
}

// Every picture below what was dropped, folders searched, with its path.
async function* below(entry, path = "") {
  if (entry.isFile) {
    if (!PICTURES.test(entry.name) && path) return; // of a folder only pictures
    yield [await new Promise((done, fail) => entry.file(done, fail)), path + entry.name];
  } else {
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!some.length) return;
      for (const each of some) if (!each.name.startsWith(".")) yield* below(each, `${path}${entry.name}/`);
    }
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [];
  for (const entry of entries) for await (const file of below(entry)) files.push(file);
  add(files);
}

for (const id of ["files", "files-too", "folder", "folder-too"]) {
  part(id).addEventListener("change", (event) => {
    const folder = id.startsWith("folder");
    const chosen = [...event.target.files].map((file) => [file, file.webkitRelativePath || file.name]);
    add(folder ? chosen.filter(([file]) => PICTURES.test(file.name)) : chosen);
    event.target.value = ""; // the same may be chosen again
  });
}
if (!("webkitdirectory" in HTMLInputElement.prototype)) document.body.classList.add("no-folders");

for (const place of ["photos", "camera"]) part(`tab-${place}`).addEventListener("click", () => open(place));
document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const other = document.body.dataset.place === "photos" ? "camera" : "photos";
  open(other);
  part(`tab-${other}`).focus();
});

let depth = 0; // elements the dragged files are over
addEventListener("dragenter", (event) => {
  if (!event.dataTransfer.types.includes("Files") || part("work").hidden) return;
  depth += 1;
  part("drop").hidden = false;
});
addEventListener("dragleave", () => {
  depth = Math.max(0, depth - 1);
  part("drop").hidden = !depth;
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  part("drop").hidden = true;
  if (part("work").hidden) return;
  open("photos");
  attempt(() => dropped(event.dataTransfer));
});

part("trouble").lastElementChild.addEventListener("click", () => (part("trouble").hidden = true));
part("door").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => enter(part("token").value));
});
const token = decoded(location.hash.slice(1));
if (token) history.replaceState(null, "", location.pathname);
attempt(() => enter(token));
