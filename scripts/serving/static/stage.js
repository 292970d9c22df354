// The photo on show: its faces to press, before and after, and a sheet to draw a missed face on.
import { part } from "./api.js";

let shown = null; // the photo
let acts = {}; // keep(photo, kept) and draw(photo, box)
let corner = null; // where a box was begun, as shares of the photo

export function setUpStage(actions) {
  acts = actions;
  part("compare").addEventListener("click", () => compare(part("split").hidden));
  part("split").addEventListener("input", split);
  part("draw").addEventListener("click", () => draw(part("sheet").hidden));
  const sheet = part("sheet");
  sheet.addEventListener("pointerdown", (event) => {
    sheet.setPointerCapture(event.pointerId);
    corner = share(event);
    place(corner, corner);
  });
  sheet.addEventListener("pointermove", (event) => corner && place(corner, share(event)));
  sheet.addEventListener("pointerup", () => corner && take());
  sheet.addEventListener("pointercancel", () => (corner = null));
  sheet.addEventListener("keydown", press);
}

// Show a photo, or what is new about the one on show.
export function show(photo) {
  if (shown?.id !== photo.id) {
    compare(false);
    draw(false);
    part("before").src = `api/pictures/${photo.id}/before`;
  }
  shown = photo;
  const [width, height] = photo.size;
  part("picture").style.setProperty("--ratio", width / height);
  part("after").hidden = !photo.after;
  if (photo.after && part("after").src !== photo.after) part("after").src = photo.after;
  part("compare").disabled = !photo.after;
  // Until it is done, the original is not left on show as if it were.
  part("picture").classList.toggle("pending", photo.stale && photo.released);
  part("busy").hidden = !(photo.stale && photo.released);
  part("busy").firstElementChild.textContent = photo.after ? "Drawing again…" : "Drawing new faces…";
  faces(photo);
  const told = [photo.covered, photo.alike].flat(); // by their number
  for (const [i, button] of [...part("faces").children].entries()) {
    const face = photo.faces[i];
    button.dataset.mark = face.by_hand ? "✕" : face.kept ? "Kept" : told.includes(i + 1) ? i + 1 : "";
  }
}

let marked = ""; // the faces that have a button now

function faces(photo) {
  const marks = JSON.stringify([photo.id, photo.faces]);
  if (marks === marked) return; // a button that is about to be pressed stays
  marked = marks;
  const [width, height] = photo.size;
  const had = [...part("faces").children].indexOf(document.activeElement);
  part("faces").replaceChildren(...photo.faces.map((face, i) => {
    const [left, top, right, bottom] = face.box;
    const button = document.createElement("button");
    const state = face.kept ? "kept as it is" : "hidden";
    const does = face.by_hand ? "drawn by hand; press to take the box away" : `press to ${face.kept ? "hide" : "keep"}`;
    button.className = "face";
    button.ariaPressed = String(face.kept);
    button.ariaLabel = `Face ${i + 1}, ${state}; ${does}`;
    button.title = face.by_hand ? "Drawn by hand. Click: take the box away" : face.kept ? "Kept. Click to hide" : "Hidden. Click to keep";
    Object.assign(button.style, {
      left: `${(100 * left) / width}%`, top: `${(100 * top) / height}%`,
      width: `${(100 * (right - left)) / width}%`, height: `${(100 * (bottom - top)) / height}%`,
    });
    button.addEventListener("click", () => {
      const kept = shown.faces.flatMap((other, j) => ((j === i) !== other.kept ? [j] : []));
      acts.keep(shown, kept);
    });
    return button;
  }));
  part("faces").children[had]?.focus();
}

function compare(on) {
  if (on) draw(false);
  part("split").hidden = part("divider").hidden = !on;
  part("faces").hidden = on;
  part("compare").ariaPressed = String(on);
  part("picture").classList.toggle("comparing", on);
  if (on) {
    part("split").value = 50;
    part("split").focus();
  }
  split();
}

function split() {
  part("picture").style.setProperty("--split", `${part("split").hidden ? 0 : part("split").value}%`);
}

function draw(on) {
  if (on) compare(false);
  corner = null;
  part("sheet").hidden = !on;
  part("draw").ariaPressed = String(on);
  if (on) {
    const ratio = shown.size[0] / shown.size[1];
    place([0.5 - 0.08 / ratio, 0.42], [0.5 + 0.08 / ratio, 0.58]);
    part("sheet").focus();
  }
}

function share(event) {
  const area = part("sheet").getBoundingClientRect();
  return [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height];
}

let drawn = [[0, 0], [0, 0]];

function place(one, other) {
  const ordered = [0, 1].map((axis) => [one[axis], other[axis]].map((n) => Math.min(1, Math.max(0, n))).sort((a, b) => a - b));
  drawn = [[ordered[0][0], ordered[1][0]], [ordered[0][1], ordered[1][1]]];
  const [[left, top], [right, bottom]] = drawn;
  Object.assign(part("box").style, {
    left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%`,
  });
}

function press(event) {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (step) {
    const move = ([x, y]) => [x + 0.02 * step[0], y + 0.02 * step[1]];
    place(event.shiftKey ? drawn[0] : move(drawn[0]), move(drawn[1]));
  } else if (event.key === "Enter") take();
  else if (event.key === "Escape") leave();
  else return;
  event.preventDefault();
}

function take() {
  const [width, height] = shown.size;
  const box = drawn.flatMap(([x, y]) => [Math.round(x * width), Math.round(y * height)]);
  leave();
  acts.draw(shown, box);
}

function leave() {
  draw(false);
  part("draw").focus();
}
