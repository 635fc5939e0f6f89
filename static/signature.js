/* Drawn signatures: signature_pad gives the strokes, this file turns them into SVG path data in a 600 × 200 view box
   (only M, L, Q, digits, blanks and points; at most 20,000 characters) and puts it into the hidden field of the form. */
(function () {
  "use strict";
  if (typeof window.SignaturePad !== "function") return; // the page then goes on saying that signing needs scripts
  const WIDTH = 600;
  const HEIGHT = 200;
  const LONGEST = 20000;
  const PEN = 3; // line width in the view box
  const PATH = /^[MLCQZmlcqz0-9 .,-]*$/;

  const short = (value) => String(Math.round(value * 10) / 10);
  const pair = (point) => short(point.x) + " " + short(point.y);
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);

  /* Points nearer than the step to the last kept one say nothing; the last point is always kept. */
  function thin(points, step) {
    const kept = [points[0]];
    points.slice(1).forEach((point, index) => {
      const last = kept[kept.length - 1];
      const far = Math.hypot(point.x - last.x, point.y - last.y);
      if (far >= step || (index === points.length - 2 && far > 0)) kept.push(point);
    });
    return kept;
  }
  /* A smooth line: each kept point bends the curve between the middles of its neighbours. */
  function strokePath(points) {
    if (points.length === 1) return "M" + pair(points[0]) + "L" + pair({ x: points[0].x + 0.1, y: points[0].y });
    let path = "M" + pair(points[0]);
    for (let index = 1; index < points.length - 1; index += 1) {
      const next = points[index + 1];
      const middle = { x: (points[index].x + next.x) / 2, y: (points[index].y + next.y) / 2 };
      path += "Q" + pair(points[index]) + " " + pair(middle);
    }
    return path + "L" + pair(points[points.length - 1]);
  }
  function toPath(strokes, room) {
    for (let step = 1.5; step < 200; step *= 1.5) {
      const path = strokes.map((points) => strokePath(thin(points, step))).join("");
      if (path.length <= room) return path;
    }
    return "";
  }

  function start(box) {
    if (box.classList.contains("is-on")) return; // two signatures on a page bring this file twice
    const canvas = box.querySelector("canvas");
    const field = box.querySelector("[data-signpad-value]");
    const state = box.querySelector("[data-signpad-state]");
    const pad = new window.SignaturePad(canvas, { penColor: "#18201e", throttle: 8, minDistance: 2 });
    let before = PATH.test(field.value) ? field.value : ""; // drawn before the form came back with errors
    let strokes = []; // in the view box, so that turning the phone only redraws

    function draw() {
      const ratio = Math.max(window.devicePixelRatio || 1, 1);
      const context = canvas.getContext("2d");
      canvas.width = Math.round(canvas.clientWidth * ratio);
      canvas.height = Math.round(canvas.clientHeight * ratio);
      pad.clear(); // also sets back the pad's own state after the canvas was sized
      const scale = canvas.width / WIDTH;
      const pen = PEN * canvas.clientWidth / WIDTH;
      pad.minWidth = pen * 0.7;
      pad.maxWidth = pen * 1.2;
      pad.dotSize = pen;
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.lineWidth = PEN;
      context.lineCap = context.lineJoin = "round";
      context.strokeStyle = "#18201e";
      const path = before + toPath(strokes, LONGEST);
      if (path) context.stroke(new Path2D(path));
      context.setTransform(ratio, 0, 0, ratio, 0, 0); // the pad draws in CSS pixels
    }
    function say() {
      state.textContent = field.value ? "已签，可重签" : "在框内手写签名";
    }
    function take() {
      const scale = WIDTH / canvas.clientWidth;
      const place = (point) => ({ x: clamp(point.x * scale, WIDTH), y: clamp(point.y * scale, HEIGHT) });
      const fresh = pad.toData().filter((group) => group.points.length).map((group) => group.points.map(place));
      strokes = strokes.concat(fresh);
      field.value = before + toPath(strokes, LONGEST - before.length);
      draw(); // what is shown is exactly what is sent
      say();
    }
    pad.addEventListener("endStroke", take);
    box.querySelector("[data-signpad-clear]").addEventListener("click", () => {
      before = "";
      strokes = [];
      field.value = "";
      draw();
      say();
    });
    field.form.addEventListener("reset", () => { before = ""; strokes = []; field.value = ""; draw(); say(); });
    box.classList.add("is-on");
    let width = 0;
    new ResizeObserver(() => {
      if (canvas.clientWidth === width) return;
      width = canvas.clientWidth;
      draw();
    }).observe(canvas);
    say();
  }
  document.querySelectorAll("[data-signpad]").forEach(start);
})();
