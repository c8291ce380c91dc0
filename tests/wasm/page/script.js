import init, { Sts } from "./page.js";

const form = document.getElementById("form");
const cards = document.getElementById("cards");

/** Adds a card on top, with these rows: pairs of a name and a text. */
function show(title, rows, note, failed = false) {
  const card = document.getElementById("card").content.cloneNode(true);
  card.querySelector("article").classList.toggle("failed", failed);
  card.querySelector("h2").textContent = title;
  for (const [name, text] of rows) {
    const [term, value] = ["dt", "dd"].map((kind) => document.createElement(kind));
    [term.textContent, value.textContent] = [name, text];
    card.querySelector("dl").append(term, value);
  }
  card.querySelector("footer").textContent = note;
  cards.prepend(card);
}

async function timed(work) {
  const start = performance.now();
  const result = await work();
  return [result, `${Math.round(performance.now() - start)} ms`];
}

async function who(sts, title) {
  const [me, took] = await timed(() => sts.who());
  const rows = [["ARN", me.arn], ["Account", me.account], ["User id", me.user_id]];
  show(title, rows, `GetCallerIdentity, ${took}, request ${me.request_id ?? "without id"}`);
}

async function assume(sts, role) {
  const [session, took] = await timed(() => sts.assume(role));
  const end = session.expiration === undefined ? "never" : new Date(session.expiration).toLocaleString();
  const rows = [["Role", role], ["Access key id", session.access_key_id], ["Secret, token", "kept by the client"], ["Expires", end]];
  show("A session of the role", rows, `AssumeRole, ${took}`);
  await who(session.client(), "Who its keys are");
}

async function act(action) {
  const given = Object.fromEntries(new FormData(form));
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  try {
    const sts = new Sts(given.endpoint, given.region, given.access_key_id, given.secret);
    await (action === "assume" ? assume(sts, given.role) : who(sts, "Who I am"));
  } catch (error) {
    show("Refused", [["Error", String(error?.message ?? error)]], "", true);
  } finally {
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.submitter?.value);
});

await init();
// What the embedded STS lets in, if the page comes with one.
const given = await fetch("/given");
if (given.ok) {
  for (const line of (await given.text()).trim().split("\n")) {
    const [name, value] = line.split(/ (.*)/);
    if (form.elements[name]) form.elements[name].value = value;
  }
  await act("who");
  // For a look at everything at once: /?all
  if (location.search === "?all") await act("assume");
}
