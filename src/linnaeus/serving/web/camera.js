// The camera of the machine, where the browser lets a page have it.

const panel = document.getElementById("live-camera");
const video = document.getElementById("video");
const open = document.getElementById("camera");
const QUALITY = 0.95; // of the JPEG file that a photograph becomes

/** Offer the camera; `taken(file)` gets each photograph, `failed(sentence)` why there is none. */
export function offerCamera(taken, failed) {
  if (!navigator.mediaDevices?.getUserMedia) return; // only on this machine itself, and over https
  open.hidden = false;
  open.addEventListener("click", () => begin(failed));
  document.getElementById("leave-camera").addEventListener("click", () => {
    end();
    open.focus();
  });
  document.getElementById("shoot").addEventListener("click", async () => {
    const file = await photograph();
    end();
    open.focus();
    taken(file);
  });
}

async function begin(failed) {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1920 } },
    });
  } catch (error) {
    const refused = error.name === "NotAllowedError";
    failed(
      refused
        ? "The browser does not let this page have the camera. Allow it in the browser's settings, or choose a file."
        : "No camera can be used here. Choose a file instead.",
    );
    return;
  }
  panel.hidden = false;
  await video.play();
  document.getElementById("shoot").focus();
}

function end() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  panel.hidden = true;
}

async function photograph() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return new File([blob], "photo.jpg", { type: "image/jpeg" });
}
