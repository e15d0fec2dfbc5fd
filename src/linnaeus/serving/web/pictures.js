// The ways for a picture to come in: dropped, pasted, chosen, or photographed by the phone itself.

const drop = document.getElementById("drop");

/** Call `taken(file)` with each picture that is given, and `failed(sentence)` with what is none. */
export function takePictures(taken, failed) {
  for (const id of ["file", "photo"]) {
    const input = document.getElementById(id);
    input.addEventListener("change", () => {
      if (input.files.length) taken(input.files[0]);
      input.value = ""; // so that the same file can be given again
    });
  }
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("wanted");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("wanted");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("wanted");
    first(event.dataTransfer, "dropped", taken, failed);
  });
  document.addEventListener("paste", (event) => {
    if (event.target.closest?.("input, textarea") && !event.clipboardData.files.length) return;
    event.preventDefault();
    first(event.clipboardData, "pasted", taken, failed);
  });
}

function first(given, how, taken, failed) {
  const files = [...given.files];
  if (!files.length) {
    failed(`No file was ${how}. Save the picture to your machine first, then give the file.`);
    return;
  }
  taken(files[0], files.length - 1);
}
