"use strict";
(() => {
  const map = JSON.parse(document.getElementById("map-data").textContent);
  const plot = document.getElementById("plot");
  const card = document.getElementById("pointed");
  const tile = document.getElementById("tile");
  const style = () => getComputedStyle(document.documentElement);
  const colour = (name) => style().getPropertyValue(name).trim();
  const perSheet = map.across * map.across;

  const traces = () => map.traces.map((trace) => ({
    type: "scatter", mode: "markers", name: trace.name, x: trace.x, y: trace.y,
    customdata: trace.ids, hoverinfo: "none",
    marker: { size: 7, opacity: 0.85, color: colour(`--colour-${trace.colour}`),
      line: { width: 0.5, color: colour("--paper") } },
  }));
  const axis = { visible: false, zeroline: false };
  const layout = () => ({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest",
    margin: { l: 0, r: 0, t: 0, b: 0 }, dragmode: false, showlegend: true,
    font: { family: colour("--sans"), color: colour("--ink"), size: 13 },
    legend: { orientation: "h", y: -0.02, yanchor: "top", x: 0 },
    xaxis: { ...axis }, yaxis: { ...axis, scaleanchor: "x" },
  });

  function showTile(id) {
    const [width, height] = map.sizes[id];
    const scale = 128 / map.tile;
    const place = id % perSheet;
    const across = (place % map.across) * map.tile;
    const down = Math.floor(place / map.across) * map.tile;
    tile.hidden = width === 0;
    tile.style.width = `${width * scale}px`;
    tile.style.height = `${height * scale}px`;
    tile.style.backgroundImage = `url("${map.sheets[Math.floor(id / perSheet)]}")`;
    tile.style.backgroundSize = `${map.across * map.tile * scale}px auto`;
    tile.style.backgroundPosition = `${-across * scale}px ${-down * scale}px`;
    tile.setAttribute("aria-label", `${map.said[id]}: ${map.paths[id]}`);
  }

  function show(event) {
    const point = event.points[0];
    const id = point.customdata;
    showTile(id);
    document.getElementById("pointed-said").textContent = map.said[id];
    document.getElementById("pointed-path").textContent = map.paths[id];
    card.hidden = false;
    const x = point.xaxis.l2p(point.x) + point.xaxis._offset;
    const y = point.yaxis.l2p(point.y) + point.yaxis._offset;
    const beside = x + card.offsetWidth + 14 > plot.clientWidth ? x - card.offsetWidth - 14 : x + 14;
    card.style.left = `${Math.max(0, Math.min(beside, plot.clientWidth - card.offsetWidth))}px`;
    card.style.top = `${Math.max(0, Math.min(y - 40, plot.clientHeight - card.offsetHeight))}px`;
  }

  const settings = { responsive: true, displaylogo: false, displayModeBar: false };
  const draw = () => Plotly.react(plot, traces(), layout(), settings);
  draw().then(() => {
    plot.on("plotly_hover", show);
    plot.on("plotly_unhover", () => { card.hidden = true; });
    plot.append(card);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  });
})();
