// The camera: one frame after the other goes to the server, and only what comes back is shown.
import { ask, part, trouble } from "./api.js";

const WIDTH = 640; // of a frame
const video = document.createElement("video"); // never shown
const canvas = document.createElement("canvas");
let stream = null;
let run = 0; // of the camera; what belongs to an earlier one ends
let times = []; // when the last frames came

export function setUpCamera() {
  video.muted = video.playsInline = true;
  part("start").addEventListener("click", start);
  part("stop").addEventListener("click", stop);
  part("anew").addEventListener("click", () => ask("DELETE", "camera").catch((error) => trouble(error.message)));
  part("keep").addEventListener("click", keep);
  document.addEventListener("visibilitychange", () => document.hidden && stop());
}

async function start() {
  trouble("");
  if (!navigator.mediaDevices) {
    trouble("Browsers give the camera to pages on the same computer or over https only.");
    return;
  }
  const mine = ++run;
  part("start").disabled = true;
  part("seen").textContent = "Waiting for the camera…";
  try {
    await ask("DELETE", "camera"); // a new start, a new face
    const opened = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: WIDTH }, facingMode: "user" } });
    if (run !== mine) {
      for (const track of opened.getTracks()) track.stop(); // allowed too late
      return;
    }
    stream = opened;
    video.srcObject = stream;
    await video.play();
    part("controls").hidden = false;
    part("stop").focus();
    await loop(mine);
  } catch (error) {
    if (run !== mine) return;
    const none = { NotAllowedError: "The browser was not allowed to use the camera.", NotFoundError: "There is no camera." };
    trouble(none[error.name] ?? error.message);
  }
  if (run === mine) stop();
}

async function loop(mine) {
  while (run === mine) {
    const taken = await frame();
    if (run !== mine) return;
    const response = await ask("POST", "camera", taken);
    if (response.status === 204) continue; // the first ones wait for those after them
    const picture = await response.blob();
    if (run !== mine) return; // stopped meanwhile
    await put(picture);
    const faces = Number(response.headers.get("X-Faces"));
    const covered = response.headers.get("X-Covered") === "1";
    part("live").dataset.covered = covered;
    times = [...times, performance.now()].slice(-8);
    const rate = times.length > 1 ? ((1000 * (times.length - 1)) / (times.at(-1) - times[0])).toFixed(1) : "…";
    part("seen").textContent = covered
      ? "No face found, or one was lost: everything is covered"
      : `${faces === 1 ? "1 face" : `${faces} faces`} replaced · ${rate} pictures a second`;
  }
}

function frame() {
  const scale = Math.min(1, WIDTH / video.videoWidth);
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
}

async function put(picture) {
  const old = part("live").src;
  part("live").src = URL.createObjectURL(picture);
  await part("live").decode();
  part("live").hidden = false;
  part("rest").hidden = true;
  if (old) URL.revokeObjectURL(old);
}

function keep() {
  const link = document.createElement("a");
  link.href = part("live").src;
  link.download = "camera.jpg";
  link.click();
}

export function stop() {
  run++;
  if (stream) ask("DELETE", "camera").catch(() => {}); // the server keeps no picture either
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  times = [];
  canvas.width = canvas.height = 0; // nothing of the last frame is left
  video.srcObject = null;
  URL.revokeObjectURL(part("live").src);
  part("live").removeAttribute("src");
  part("live").hidden = part("controls").hidden = true;
  part("rest").hidden = part("start").disabled = false;
  part("seen").textContent = "";
}
