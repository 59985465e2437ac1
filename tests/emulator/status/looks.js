// What can be said of a page's looks from its elements and their computed styles.
const looks = (() => {
  const texts = (root) => {
    const found = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(node);
      const isSeen = node.data.trim() && range.getClientRects().length > 0;
      if (isSeen && !node.parentElement.closest("#said, noscript")) found.push(node);
    }
    return found;
  };

  const channels = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, bottom) => {
    const mix = (name) => top[name] * top.a + bottom[name] * (1 - top.a);
    return { r: mix("r"), g: mix("g"), b: mix("b"), a: 1 };
  };
  const backgroundOf = (element) => {
    const own = channels(getComputedStyle(element).backgroundColor);
    if (own.a === 1) return own;
    return over(own, element.parentElement ? backgroundOf(element.parentElement) : { r: 255, g: 255, b: 255, a: 1 });
  };
  // Web Content Accessibility Guidelines 2.2: relative luminance and contrast ratio.
  const luminance = ({ r, g, b }) => {
    const [red, green, blue] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const ratioOf = (element, color) => ratio(over(channels(color), backgroundOf(element)), backgroundOf(element));

  return {
    // Texts whose contrast is less than criterion 1.4.3 demands of text that is not large.
    faint: () => {
      const ofTexts = texts(document.body).map((node) => [node.data, node.parentElement, getComputedStyle(node.parentElement).color]);
      const fields = [...document.querySelectorAll("input[placeholder]")];
      const ofFields = fields.map((field) => [field.placeholder, field, getComputedStyle(field, "::placeholder").color]);
      const all = [...ofTexts, ...ofFields].map(([text, element, color]) => [text, ratioOf(element, color)]);
      return { looked_at: all.length, faint: all.filter(([, contrast]) => contrast < 4.5) };
    },

    // Words that do not stand on one line, and calls of which something is cut that may not be.
    broken: () => {
      const broken = [];
      let words = 0;
      for (const node of texts(document.querySelector("main"))) {
        if (node.parentElement.closest("pre")) continue;
        for (const word of node.data.matchAll(/[\p{L}\p{N}_]+/gu)) {
          const range = document.createRange();
          range.setStart(node, word.index);
          range.setEnd(node, word.index + word[0].length);
          const lines = new Set([...range.getClientRects()].filter((rect) => rect.width > 0).map((rect) => Math.round(rect.top)));
          words += 1;
          if (lines.size > 1) broken.push(word[0]);
        }
      }
      const whole = ".calls .status, .calls .action, .calls .time, .calls .number, .calls .why td";
      const cut = [...document.querySelectorAll(whole)].filter((cell) => cell.scrollWidth > cell.clientWidth);
      return { words, broken: [...broken, ...cut.map((cell) => cell.textContent)] };
    },

    // What is wider than the place it has.
    wide: () => [document.documentElement, ...document.querySelectorAll(".table, .card, pre, .bar")]
      .filter((element) => element.scrollWidth > element.clientWidth)
      .map((element) => element.outerHTML.slice(0, 200)),

    // Links that lead nowhere, ids that are there twice, and what has no name or label.
    loose: () => {
      const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
      const links = [...document.querySelectorAll("a")];
      const isNamed = (element) => element.textContent.trim() || element.getAttribute("aria-label") || element.closest("label");
      return {
        links: links.length,
        nowhere: links.filter((link) => !document.getElementById(link.getAttribute("href").slice(1))).map((link) => link.outerHTML),
        twice: ids.filter((id, i) => ids.indexOf(id) !== i),
        unnamed: [...document.querySelectorAll("a, button, input, nav, section")].filter((element) => {
          const by = element.getAttribute("aria-labelledby");
          return !isNamed(element) || (by && !document.getElementById(by)) || (element.matches("section") && !by);
        }).map((element) => element.outerHTML.slice(0, 200)),
        landmarks: ["header", "nav", "main", "h1"].map((name) => document.querySelectorAll(name).length),
      };
    },
  };
})();
