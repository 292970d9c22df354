// Asking the server.  What goes wrong is thrown as an Error whose message people can read.

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export async function ask(method, path, body) {
  const json = body !== undefined && !(body instanceof Blob);
  let response;
  try {
    response = await fetch(`api/${path}`, {
      method,
      body: json ? JSON.stringify(body) : body,
      headers: json ? { "Content-Type": "application/json" } : {},
    });
  } catch {
    throw new Refused(0, "The computer that runs elseface does not answer. Is it still running?");
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== "session") {
    throw new Refused(401, "Everything here was forgotten, as it was not used for an hour. Load the page again.");
  }
  const told = await response.json().catch(() => ({}));
  const detail = typeof told.detail === "string" ? told.detail : "That did not work.";
  throw new Refused(response.status, detail);
}

export const part = (id) => document.getElementById(id);

export function trouble(text) {
  part("trouble").firstElementChild.textContent = text;
  part("trouble").hidden = !text;
}

// Run something a person asked for; what goes wrong is shown.
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    trouble(error.message);
    if (!(error instanceof Refused)) console.error(error);
  }
}
