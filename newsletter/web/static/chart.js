// The chart of a dataset answers to the pointer: Vega draws the same data in place of the
// picture, which stays for who has no script, saves data, or where it cannot be drawn.
"use strict";

(() => {
  const figure = document.querySelector("figure[data-chart]");
  if (!figure || navigator.connection?.saveData) return;
  const drawing = figure.querySelector(".drawing");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const CONTRAST = 4.5; // of WCAG AA
  const MANY = 2000; // marks: drawn as pixels, not as elements

  const library = () =>
    new Promise((loaded, failed) => {
      const script = document.createElement("script");
      script.src = figure.dataset.vega;
      script.type = "module";
      script.onload = loaded;
      script.onerror = failed;
      document.head.append(script);
    });

  // The page's own colours, over those of the picture, which is for paper and for mail.
  const colours = (spec) => {
    const css = getComputedStyle(figure);
    const token = (name) => css.getPropertyValue(name).trim();
    const [ink, quiet, rule] = ["--ink", "--quiet", "--rule"].map(token);
    const { config } = spec;
    const palette = [1, 2, 3, 4, 5].map((number) => token(`--chart-${number}`));
    const words = { labelColor: quiet, titleColor: quiet };
    return {
      ...spec,
      background: null,
      config: {
        ...config,
        background: null,
        title: { ...config.title, color: ink, subtitleColor: quiet },
        axis: { ...config.axis, ...words, gridColor: rule, domainColor: quiet },
        legend: { ...config.legend, ...words, labelColor: ink },
        header: { ...config.header, ...words },
        range: { ...config.range, category: palette },
        mark: { ...config.mark, color: palette[0] },
        boxplot: { ...config.boxplot, median: { color: token("--surface") }, rule: { color: quiet } },
        text: { color: ink, ...config.text },
        rule: { color: quiet, ...config.rule },
      },
    };
  };

  // What a curator coloured for white paper, so that it is seen on dark: too little contrast is
  // made more, and paper becomes ours.
  const luminance = (hex) =>
    [1, 3, 5]
      .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const lighter = (hex) =>
    `#${[1, 3, 5]
      .map((at) => Math.round(parseInt(hex.slice(at, at + 2), 16) * 0.85 + 255 * 0.15))
      .map((part) => part.toString(16).padStart(2, "0"))
      .join("")}`;
  const onDark = (value, paper) => {
    if (Array.isArray(value)) return value.map((inner) => onDark(inner, paper));
    if (value && typeof value === "object") {
      // From little to much, colours mean something by their order.
      const isOrdered = value.type === "quantitative";
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key,
          isOrdered && key === "scale" ? inner : onDark(inner, paper),
        ]),
      );
    }
    if (typeof value !== "string" || !/^#([0-9a-f]{3}){1,2}$/i.test(value)) return value;
    let hex = value.length === 4 ? value.replace(/[0-9a-f]/gi, "$&$&") : value;
    if (luminance(hex) > 0.85) return paper;
    while ((luminance(hex) + 0.05) / (luminance(paper) + 0.05) < CONTRAST) hex = lighter(hex);
    return hex;
  };
  const adapted = (spec) => {
    if (!dark.matches) return colours(spec);
    const paper = getComputedStyle(figure).getPropertyValue("--surface").trim();
    const { data, ...rest } = spec;
    return colours({ ...onDark(rest, paper), data });
  };

  const draw = async (spec) => {
    const place = document.createElement("div");
    place.className = "interactive";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", drawing.querySelector("img").alt);
    drawing.append(place);
    const rows = spec.data.values.length;
    try {
      const { view } = await window.vegaEmbed(place, adapted(spec), {
        ast: true, // expressions are interpreted: the page's policy allows no eval
        actions: false,
        logLevel: 1, // errors: what is merely out of fashion in a chart is not the reader's concern
        defaultStyle: false,
        renderer: rows > MANY ? "canvas" : "svg",
        tooltip: { disableDefaultStyle: true },
      });
      await view.runAsync();
      for (const old of drawing.querySelectorAll(".interactive")) if (old !== place) old.remove();
      figure.classList.add("is-interactive");
    } catch (error) {
      place.remove();
      throw error;
    }
  };

  const begin = async () => {
    const [answer] = await Promise.all([fetch(figure.dataset.chart), library()]);
    if (!answer.ok) return;
    const spec = await answer.json();
    await draw(spec);
    dark.addEventListener("change", () => draw(spec));
  };

  const idle = window.requestIdleCallback ?? ((task) => setTimeout(task, 200));
  const start = () => idle(() => begin().catch(() => figure.classList.remove("is-interactive")));
  if (document.readyState === "complete") start();
  else addEventListener("load", start, { once: true });
})();
