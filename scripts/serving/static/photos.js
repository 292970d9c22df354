// All photos: uploading them one by one, keeping their results fresh, and the strip of them.
import { ask, attempt, part, trouble } from "./api.js";
import { setUpStage, show } from "./stage.js";

const photos = new Map(); // by id, as the server tells of them; after: address of the result
const waiting = []; // files to be uploaded
let largest = 0; // bytes of a file
let current = null; // id
let uploading = false;
let refreshing = false;
let total = 0; // files of this round

export function setUpPhotos(session) {
  largest = session.largest;
  setUpStage({ keep: (photo, kept) => change(photo, { kept }), draw: addFace });
  part("another").addEventListener("click", () => change(photos.get(current), { seed: photos.get(current).seed + 1 }));
  part("unchanged").addEventListener("change", (event) => change(photos.get(current), { unchanged: event.target.checked }));
  part("remove").addEventListener("click", () => attempt(remove));
  part("strip").addEventListener("keydown", walk);
  part("forget").addEventListener("click", () => attempt(async () => {
    await ask("DELETE", "session");
    location.reload();
  }));
  part("all").addEventListener("click", (event) => part("all").ariaDisabled === "true" && event.preventDefault());
  for (const told of session.pictures) photos.set(told.id, { ...told, stale: true });
  select([...photos.keys()][0] ?? null);
  refresh();
}

// Files and their paths, [[file, path], …].
export function add(files) {
  trouble("");
  waiting.push(...files);
  total = uploading ? total + files.length : files.length;
  if (!uploading) upload();
}

async function upload() {
  uploading = true;
  const refused = [];
  while (waiting.length) {
    const [file, path] = waiting.shift();
    tell();
    try {
      if (file.size > largest) throw new Error(`${path}: too large; at most ${largest >> 20} MB`);
      const told = await (await ask("POST", `pictures?name=${encodeURIComponent(path)}`, file)).json();
      photos.set(told.id, { ...told, stale: true });
      if (current === null) select(told.id);
      refresh();
    } catch (error) {
      refused.push(error.message);
      if ([0, 401].includes(error.status)) waiting.length = 0;
    }
  }
  uploading = false;
  if (refused.length) trouble(refused.slice(0, 5).join(" · ") + (refused.length > 5 ? ` · and ${refused.length - 5} more` : ""));
  tell();
}

// Bring every result up to date, that of the photo on show first.
export async function refresh() {
  tell();
  if (refreshing) return;
  refreshing = true;
  for (;;) {
    const next = [photos.get(current), ...photos.values()].find((photo) => photo?.stale && photo.released);
    if (!next) break;
    const made = await attempt(async () => {
      const response = await ask("GET", `pictures/${next.id}/after`);
      const numbers = (name) => (response.headers.get(name) || "").split(",").filter(Boolean).map((i) => Number(i) + 1);
      const [alike, covered] = ["X-Alike", "X-Covered"].map(numbers);
      return { after: URL.createObjectURL(await response.blob()), alike, covered };
    });
    if (photos.get(next.id) !== next) { // changed meanwhile: another one is due
      if (made) URL.revokeObjectURL(made.after);
      continue;
    }
    if (!made) { // said already; not asked for again until it is changed
      if (next.after) URL.revokeObjectURL(next.after);
      update({ ...next, stale: false, after: undefined }); // nor is an earlier result shown as this one
      continue;
    }
    if (next.after) URL.revokeObjectURL(next.after);
    update({ ...next, ...made, stale: false });
  }
  refreshing = false;
}

export function settingsChanged() {
  trouble("");
  for (const [id, photo] of photos) photos.set(id, { ...photo, stale: true });
  if (current) update(photos.get(current));
  refresh();
}

let changing = false; // which faces are kept is told as a whole: the next press waits for the answer

async function change(photo, choice) {
  if (changing) return;
  changing = true;
  await attempt(async () => {
    trouble("");
    renew(await (await ask("PATCH", `pictures/${photo.id}`, choice)).json());
  });
  changing = false;
}

function addFace(photo, box) {
  return attempt(async () => {
    trouble("");
    renew(await (await ask("POST", `pictures/${photo.id}/faces`, { box })).json());
  });
}

function renew(told) {
  const old = photos.get(told.id);
  const photo = { ...old, ...told, stale: true, alike: [], covered: [] };
  if (!told.released && old.after) {
    URL.revokeObjectURL(old.after);
    delete photo.after;
  }
  update(photo);
  refresh();
}

function update(photo) {
  photos.set(photo.id, photo);
  if (photo.id === current) present(photo);
  tell();
}

function select(id) {
  current = id;
  if (id !== null) present(photos.get(id));
  tell();
}

function present(photo) {
  show(photo);
  const kept = photo.faces.filter((face) => face.kept).length;
  const count = photo.faces.length;
  part("name").textContent = photo.name;
  const some = `${kept} kept, ${count - kept} hidden`;
  const fate = kept && kept < count ? some : `${count > 1 ? "all " : ""}${kept ? "kept" : "hidden"}`;
  part("tally").textContent = count ? `${faces(count)}, ${fate}` : "";
  part("noface").hidden = count > 0;
  part("unchanged").checked = photo.unchanged;
  part("another").disabled = !count;
  part("save").href = `api/pictures/${photo.id}/result`;
  part("save").hidden = !photo.released;
  const said = [
    [photo.covered, "could still be told whatever was drawn, and is covered"],
    [photo.alike, "came out rather like the old one"],
  ].filter(([which]) => which?.length).map(([which, what]) => `Face ${which.join(", ")} ${what}.`);
  part("outcome").hidden = !said.length;
  part("outcome").textContent = `${said.join(" ")} Try “Other faces”.`;
}

const faces = (count) => (count === 1 ? "1 face" : `${count} faces`);

async function remove() {
  const ids = [...photos.keys()];
  const gone = current; // another may be chosen while the server is asked
  const place = ids.indexOf(gone);
  await ask("DELETE", `pictures/${gone}`);
  URL.revokeObjectURL(photos.get(gone)?.after);
  photos.delete(gone);
  select(current === gone ? (ids[place + 1] ?? ids[place - 1] ?? null) : current);
}

function walk(event) {
  const step = { ArrowLeft: "previousElementSibling", ArrowRight: "nextElementSibling" }[event.key];
  const next = step && event.target.closest("li")[step];
  if (!next) return;
  event.preventDefault();
  next.firstElementChild.focus();
  next.firstElementChild.click();
}

// The strip, the counts and what is under way.
function tell() {
  const all = [...photos.values()];
  const released = all.filter((photo) => photo.released);
  const due = released.filter((photo) => photo.stale).length;
  const left = all.length - released.length;
  part("welcome").hidden = all.length > 0;
  part("bench").hidden = !all.length;
  document.body.classList.toggle("empty", !all.length);
  part("forget").hidden = !all.length;
  part("welcome").classList.toggle("waiting", uploading);
  const done = total - waiting.length;
  const lines = [
    uploading && `Finding faces in ${done} of ${total}…`,
    due && `Drawing ${due === 1 ? "one photo" : `${due} photos`}…`,
    !uploading && left && `${left} without a face, left out`,
    !uploading && !due && !left && all.length && "Ready",
  ];
  part("count").textContent = lines.filter(Boolean).join(" · ");
  part("all").textContent = released.length === all.length ? `Download all (${all.length})` : `Download ${released.length} of ${all.length}`;
  part("all").ariaDisabled = String(!released.length || uploading);
  strip(all);
}

const items = new Map(); // of the strip, by the photo's id

function strip(all) {
  part("strip").hidden = all.length < 2;
  for (const [id, item] of items) {
    if (photos.has(id)) continue;
    const held = item.contains(document.activeElement);
    item.remove();
    items.delete(id);
    if (held) items.get(current)?.firstElementChild.focus();
  }
  for (const photo of all) {
    if (!items.has(photo.id)) items.set(photo.id, entry(photo));
    const button = items.get(photo.id).firstElementChild;
    const address = photo.after ?? (photo.released ? "" : `api/pictures/${photo.id}/before`);
    if (address && button.firstElementChild.getAttribute("src") !== address) button.firstElementChild.src = address;
    const state = photo.stale ? "being drawn" : faces(photo.faces.length);
    button.ariaLabel = `${photo.name}, ${photo.released ? state : "no face found"}`;
    button.ariaCurrent = String(photo.id === current);
    button.tabIndex = photo.id === current ? 0 : -1;
    button.dataset.state = photo.released ? (photo.stale ? "due" : "done") : "none";
  }
}

function entry(photo) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  const image = document.createElement("img");
  image.alt = "";
  button.title = photo.name;
  button.append(image);
  button.addEventListener("click", () => select(photo.id));
  item.append(button);
  part("strip").append(item);
  return item;
}
