// The map of an explanation, in colours over the picture.

// Stops that a reader without red-green vision can order, as in the pages of `linnaeus explain`.
const STOPS = [
  [30, 20, 90],
  [20, 120, 140],
  [245, 190, 40],
  [255, 255, 235],
];

const canvas = document.getElementById("overlay");

/** Take the map away. */
export function hideOverlay() {
  canvas.hidden = true;
}

/** How strong the colours are, from 0 to 1. */
export function strength(share) {
  canvas.style.opacity = String(share);
}

/** Lay `map` over the picture: `png` is grey, white where most counts; `box` says where it lies,
    as [left, top, right, bottom] in shares of the picture. */
export async function showOverlay(map) {
  const grey = new Image();
  grey.src = `data:image/png;base64,${map.png}`;
  await grey.decode();
  [canvas.width, canvas.height] = [grey.naturalWidth, grey.naturalHeight];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(grey, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  colour(pixels.data);
  context.putImageData(pixels, 0, 0);
  const [left, top, right, bottom] = map.box;
  canvas.style.left = `${left * 100}%`;
  canvas.style.top = `${top * 100}%`;
  canvas.style.width = `${(right - left) * 100}%`;
  canvas.style.height = `${(bottom - top) * 100}%`;
  canvas.hidden = false;
}

function colour(data) {
  for (let place = 0; place < data.length; place += 4) {
    const level = data[place] / 255;
    const along = level * (STOPS.length - 1);
    const low = Math.min(Math.floor(along), STOPS.length - 2);
    for (let channel = 0; channel < 3; channel += 1) {
      data[place + channel] = STOPS[low][channel] + (along - low) * (STOPS[low + 1][channel] - STOPS[low][channel]);
    }
    data[place + 3] = 255 * (0.25 + 0.75 * level); // what hardly counts stays to be seen
  }
}
