// The page: a picture comes in, the server is asked, and what it says is shown.

import { showAnswer } from "./answer.js";
import { calls } from "./calls.js";
import { offerCamera } from "./camera.js";
import { hideOverlay, showOverlay, strength } from "./overlay.js";
import { takePictures } from "./pictures.js";
import { explain, forget, keep, key, predict, served } from "./server.js";

const at = (id) => document.getElementById(id);
const HIDING_ALONE = new Set(["occlusion", "superpixels"]); // methods that hide one place at a time
const KEY_SIGNS = /^[!-~]+$/; // what a header can carry without doubt; no key has others
const TINY_PX = 64; // smaller pictures are shown with their pixels as squares

const now = { models: [], picture: null, address: "", asking: null, needsKey: key() !== "" };

async function begin() {
  takePictures(taken, failed);
  offerCamera(taken, failed);
  const phone = matchMedia("(pointer: coarse)").matches; // whose own camera takes better pictures
  at("photo-choice").hidden = at("photo").hidden = !phone;
  if (phone) at("camera").hidden = true;
  at("key-form").addEventListener("submit", useKey);
  at("model").addEventListener("change", modelChosen);
  for (const id of ["coverage", "max-error"]) at(id).addEventListener("change", answerAnew);
  at("explain").addEventListener("click", explainIt);
  at("opacity").addEventListener("input", () => strength(at("opacity").value / 100));
  for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", copy);
  await askWhatIsServed();
}

async function askWhatIsServed() {
  try {
    now.models = (await served()).models;
  } catch (error) {
    refused(error);
    return;
  }
  at("key-form").hidden = true;
  at("asking").hidden = false;
  quiet();
  at("model").replaceChildren(...now.models.map((one) => new Option(one.name, one.name)));
  at("model-choice").hidden = now.models.length < 2;
  modelChosen();
}

function model() {
  return now.models.find((one) => one.name === at("model").value);
}

function asked() {
  const one = model();
  const promised = one.promises
    ? { sets: at("coverage").value, max_error: at("max-error").value }
    : {};
  return { ...(now.models.length > 1 ? { model: one.name } : {}), ...promised };
}

function modelChosen() {
  const one = model();
  const known = one.classes.length;
  at("about").textContent = `${now.models.length > 1 ? "" : `${one.name}, `}version ${one.version}, tells ${known} classes apart: ${few(one.classes)}.${one.squeeze ? ` Pictures are squeezed first (${one.squeeze}).` : ""}`;
  at("promises").hidden = !one.promises;
  at("calls").hidden = false;
  showCalls();
  answerAnew();
}

function few(names) {
  const most = 6;
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}

function showCalls() {
  const told = calls(asked(), now.picture?.name || "photo.jpg", now.needsKey);
  at("curl").textContent = told.curl;
  at("python").textContent = told.python;
  at("key-told").hidden = !now.needsKey;
}

async function taken(file, others = 0) {
  now.picture = file;
  URL.revokeObjectURL(now.address);
  now.address = URL.createObjectURL(file);
  at("caption").textContent = others
    ? `${file.name}. One picture at a time: ${others} more ${others === 1 ? "was" : "were"} left out.`
    : file.name;
  show();
  if (now.models.length) showCalls();
  await answerAnew();
}

function show() {
  const shown = at("shown");
  shown.hidden = false;
  at("not-shown").hidden = true;
  at("frame").classList.remove("blank");
  shown.onload = () => at("frame").classList.toggle("tiny", Math.max(shown.naturalWidth, shown.naturalHeight) < TINY_PX);
  shown.onerror = () => {
    shown.hidden = true;
    at("not-shown").hidden = false;
    at("frame").classList.add("blank"); // a map is shown by itself then
  };
  shown.src = now.address;
}

async function answerAnew() {
  if (now.models.length) showCalls();
  if (!now.picture || !now.models.length) return;
  now.asking?.abort();
  const asking = new AbortController();
  now.asking = asking;
  quiet();
  unexplained();
  at("result").setAttribute("aria-busy", "true");
  at("live").textContent = "Asking the server.";
  try {
    const said = await predict(now.picture, asked(), asking.signal);
    const [prediction] = said.predictions;
    at("result").hidden = false;
    const sentence = showAnswer(prediction, said.remarks, model(), asked());
    at("answered-by").textContent = `Answered by ${said.model.name}, version ${said.model.version} (${said.model.digest.slice(0, 12)}…).`;
    at("live").textContent = sentence;
  } catch (error) {
    if (error.name === "AbortError") return;
    at("result").hidden = true;
    refused(error);
  }
  at("result").removeAttribute("aria-busy");
}

function unexplained() {
  hideOverlay();
  at("explained").hidden = true;
}

async function explainIt() {
  const button = at("explain");
  const asking = now.asking;
  button.disabled = true;
  unexplained();
  quiet();
  at("live").textContent = "Looking where the answer comes from. This takes some seconds.";
  button.textContent = "Looking …";
  try {
    const { model: name } = asked();
    const said = await explain(now.picture, { model: name, method: at("method").value }, asking.signal);
    const one = said.explanation;
    await showOverlay(one.map);
    strength(at("opacity").value / 100);
    at("explained").hidden = false;
    at("explained-words").textContent = explainedWords(one);
    at("live").textContent = explainedWords(one);
  } catch (error) {
    if (error.name !== "AbortError") refused(error);
  }
  button.disabled = false;
  button.textContent = "Show where the answer comes from";
}

function explainedWords(one) {
  const bright = `Bright places speak most for “${one.explained}”.`;
  if (!HIDING_ALONE.has(one.method)) return bright;
  const points = (one.map.largest * 100).toFixed(1);
  return `${bright} Hiding one lowers its probability by up to ${points} points of 100.`;
}

async function useKey(event) {
  event.preventDefault();
  const given = at("key").value.trim();
  if (!KEY_SIGNS.test(given)) {
    failed("This is no key: keys are made of English letters, digits and signs alone, without spaces. Copy it anew.");
    at("key").select();
    return;
  }
  keep(given);
  at("key").value = "";
  await askWhatIsServed();
}

function refused(error) {
  if (error.status === 401) {
    now.needsKey = true;
    const rejected = key() !== "";
    forget();
    at("key-form").hidden = false;
    at("asking").hidden = true;
    at("key").focus();
    if (!rejected) return;
  }
  failed(error.message);
}

function failed(sentence) {
  at("fault").textContent = sentence;
  at("fault").hidden = false;
  at("fault").scrollIntoView({ block: "nearest" });
  at("live").textContent = "";
}

function quiet() {
  at("fault").hidden = true;
  at("fault").textContent = "";
}

async function copy(event) {
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText(at(button.dataset.copies).textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(at(button.dataset.copies)); // where the browser forbids it
    button.textContent = "Selected";
  }
  at("live").textContent = button.textContent;
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

begin();
