// What the server says of a picture, as words and bars.

const FIRST = 8; // bars shown before all are asked for

const at = (id) => document.getElementById(id);

/** A share in [0, 1] as "93.7 %"; what rounds to all or nothing and is not is said to be so. */
export function percent(share) {
  const spelt = (share * 100).toFixed(1);
  if (spelt === "0.0" && share > 0) return "< 0.1\u202f%";
  if (spelt === "100.0" && share < 1) return "> 99.9\u202f%";
  return `${spelt}\u202f%`;
}

/** Show `prediction`, with `remarks`, of the served model `model`; returns it in one sentence. */
export function showAnswer(prediction, remarks, model, asked) {
  const words = verdict(prediction);
  at("label").textContent = words.label;
  at("label").classList.toggle("no", words.no);
  at("sure").textContent = words.sure;
  const set = setWords(prediction, asked);
  at("set").replaceChildren(...set);
  at("set").hidden = !set.length;
  const changed = changedWords(prediction);
  lines(at("remarks"), [...changed, ...prediction.notes.map((note) => `The picture: ${note}.`), ...remarks]);
  bars(prediction, model);
  return [`${words.label}. ${words.sure}`, ...changed].join(" ");
}

function verdict(one) {
  if (one.unknown) {
    return {
      label: "Unknown",
      no: true,
      sure: `This looks like none of the classes: only ${percent(one.familiarity)} of pictures of them look as strange.`,
    };
  }
  if (one.withheld) {
    return {
      label: "Withheld",
      no: true,
      sure: "It is not sure enough of this picture to give an answer that keeps the promise below.",
    };
  }
  if (one.labels && !one.labels.length) {
    return { label: "None of the labels", no: true, sure: `No label is probable enough; ${percent(one.confidence)} sure.` };
  }
  const label = (one.labels ?? [one.label]).join(", ");
  return { label, no: false, sure: `${percent(one.confidence)} sure.` };
}

function changedWords(one) {
  if (!one.changed) return [];
  return [`Somebody may have changed this picture on purpose: made poorer, it is answered otherwise (moved by ${one.moved.toFixed(2)} of 2).`];
}

function setWords(one, asked) {
  if (!one.set || one.unknown) return [];
  const share = Math.round(asked.sets * 100);
  if (!one.set.length) return [`Label set: empty. No class is likely enough for sets that hold the true one in ${share} of 100 pictures.`];
  const names = document.createElement("b");
  names.textContent = one.set.join(", ");
  return ["Label set: ", names, `. Such sets hold the true class in ${share} of 100 pictures.`];
}

function bars(one, model) {
  const shares = Object.entries(one.probabilities).sort(([, a], [, b]) => b - a);
  const given = new Set(one.unknown || one.withheld ? [] : (one.labels ?? [one.label]));
  const inSet = new Set(one.set ?? []);
  const list = at("bars");
  const rows = shares.map(([name, share]) => bar(name, share, given.has(name), inSet.has(name)));
  const more = at("all-bars");
  list.replaceChildren(...rows.slice(0, FIRST));
  more.hidden = rows.length <= FIRST;
  more.textContent = `Show all ${rows.length} classes`;
  more.onclick = () => {
    list.replaceChildren(...rows);
    more.hidden = true;
  };
  at("bars-title").textContent = model.task === "multi" ? "Probability of each label" : "Probabilities";
}

function bar(name, share, given, inSet) {
  const row = document.createElement("li");
  row.classList.toggle("given", given);
  const label = document.createElement("b");
  label.textContent = name;
  const number = document.createElement("span");
  number.className = "share";
  number.textContent = percent(share);
  const track = document.createElement("span");
  track.className = "track";
  const filled = document.createElement("span");
  filled.style.width = `${share * 100}%`;
  track.append(filled);
  const left = document.createElement("span");
  left.append(label);
  if (inSet) {
    const mark = document.createElement("span");
    mark.className = "mark";
    mark.textContent = " in the set";
    left.append(mark);
  }
  row.append(left, number, track);
  return row;
}

function lines(list, sentences) {
  list.replaceChildren(
    ...sentences.map((sentence) => {
      const item = document.createElement("li");
      item.textContent = sentence;
      return item;
    }),
  );
  list.hidden = !sentences.length;
}
