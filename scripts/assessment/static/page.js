// One question after the other.  Which pictures belong together, only the server knows.
"use strict";

const TASKS = {
  pair: "Pick the two pictures of the same person",
  original: "This face was replaced. Who was it?",
};
const part = (id) => document.getElementById(id);
let question = null; // its token, kind, choices and picks
let picked = []; // places, the oldest first
let busy = false;

function show(id) {
  for (const page of document.querySelectorAll("main")) page.hidden = page.id !== id;
  window.scrollTo(0, 0);
}

function trouble(text) {
  part("trouble").textContent = text;
  part("trouble").hidden = !text;
}

// Do one thing at a time; a lost connection is told, and the same can be tried again.
async function alone(work) {
  if (busy) return;
  busy = true;
  document.body.classList.add("busy");
  trouble("");
  try {
    await work();
  } catch {
    trouble("The computer that shows this page does not answer. Is it still running?");
  }
  busy = false;
  document.body.classList.remove("busy");
}

async function post(path, body) {
  return fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
}

// Where this assessor is: the question in hand, or the start if there was none.
async function resume() {
  const response = await fetch("question");
  if (response.status === 404) show("start");
  else await go(await response.json());
}

async function start() {
  await go(await (await post("assessor")).json());
}

async function send(places) {
  const response = await post(`answer/${question.token}`, { picked: places });
  if (response.ok) await go(await response.json());
  else await resume(); // answered in another tab
}

async function go(standing) {
  question = standing.question;
  if (!question) {
    show("end");
    document.querySelector("#end h1").focus();
    return;
  }
  picked = [];
  // All pictures appear at once, so that none stands out by coming late.
  const images = await Promise.allSettled([...Array(10).keys()].map(load));
  const missing = images.some((image) => image.status === "rejected");
  if (missing) trouble("A picture cannot be shown. Choose “I can't tell” to go on.");
  const cards = missing ? [] : images.map((image) => image.value);
  document.body.dataset.kind = question.kind;
  part("apart").replaceChildren(...cards.slice(question.choices));
  part("choices").replaceChildren(...cards.slice(0, question.choices).map(card));
  part("task").textContent = TASKS[question.kind];
  part("count").textContent = `${standing.done + 1} of ${standing.count}`;
  part("bar").max = standing.count;
  part("bar").value = standing.done;
  mark();
  show("ask");
  part("task").focus();
}

async function load(place) {
  const image = new Image();
  image.src = `picture/${question.token}/${place}`;
  image.alt = place < question.choices ? "" : "The picture with the replaced face";
  image.draggable = false;
  await image.decode();
  return image;
}

function card(image, place) {
  const button = document.createElement("button");
  const key = document.createElement("kbd");
  key.textContent = (place + 1) % 10;
  key.ariaHidden = "true";
  button.className = "card";
  button.ariaLabel = `Picture ${place + 1}`;
  button.append(image, key);
  button.addEventListener("click", () => pick(place));
  return button;
}

// A pick too many takes the place of the oldest.
function pick(place) {
  if (busy || place >= part("choices").children.length) return;
  if (picked.includes(place)) picked = picked.filter((other) => other !== place);
  else picked = [...picked, place].slice(-question.picks);
  mark();
}

function mark() {
  [...part("choices").children].forEach((button, place) => {
    button.ariaPressed = String(picked.includes(place));
  });
  const left = question.picks - picked.length;
  part("next").disabled = left > 0;
  part("next").textContent = ["Next", picked.length ? "Pick one more" : "Pick one", "Pick two"][left];
}

function press(event) {
  if (part("ask").hidden || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (/^[0-9]$/.test(event.key)) pick((Number(event.key) + 9) % 10);
  else if (event.key.toLowerCase() === "s") part("skip").click();
  else if (event.key === "Enter" && event.target !== part("skip")) {
    event.preventDefault(); // or it would pick the picture that has the focus
    part("next").click();
  }
}

part("agree").addEventListener("click", () => alone(start));
part("another").addEventListener("click", () => show("start"));
part("skip").addEventListener("click", () => alone(() => send([])));
part("next").addEventListener("click", () => alone(() => send(picked)));
document.addEventListener("keydown", press);
alone(resume);
