//! Looks at a page as axe-core does, and as somebody who enlarges it four times.
use std::{path::Path, process::Command};

use super::{Make, RealBrowser};

/// Everything axe finds wrong, with its element.
pub(crate) const AXE: &str = "const done = arguments[arguments.length - 1];\
        axe.run(document, { resultTypes: ['violations'], preload: false })\
        .then(r => done(r.violations.flatMap(v => v.nodes.map(n => v.id + ' ' + n.html))), e => done(['axe: ' + e]))";

/// Everything that is wider than a window of 320 pixels.
pub(crate) const WIDE: &str = "const wide = document.documentElement.scrollWidth, out = [];\
        if (innerWidth !== 320) out.push('the window is ' + innerWidth);\
        if (wide > 320) out.push('scrolls sideways: ' + wide);\
        for (const e of document.querySelectorAll('main *, header *, footer *')) {\
          const r = e.getBoundingClientRect();\
          if (r.width && r.left >= 0 && r.right > 321) out.push(e.tagName + ' sticks out to ' + r.right + ': ' + e.outerHTML.slice(0, 80));\
        }\
        if (window.torn) out.push(...torn());\
        arguments[arguments.length - 1](out);";

/// As a library beside [`WIDE`]: every word that stands on two lines, but for addresses, codes and what is longer than
/// any word, which have to.
pub(crate) const TORN: &str = "window.torn = () => {\
        const out = [], range = document.createRange(), texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);\
        while (texts.nextNode()) {\
          const node = texts.currentNode;\
          if (!node.parentElement.checkVisibility() || node.parentElement.closest('.mk-address, dd[translate=no]')) continue;\
          for (const word of node.data.matchAll(/(?<![\\p{L}\\p{N}-])\\p{L}{2,40}(?![\\p{L}\\p{N}-])/gu)) {\
            range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);\
            const tops = new Set([...range.getClientRects()].map(r => Math.round(r.top)));\
            if (tops.size > 1) out.push('torn: ' + word[0]);\
          }\
        }\
        return out;\
      };";

/// With [`TORN`], in windows of each of [`WIDTHS`]: words on two lines, and a page that is wider than its window.
pub(crate) const WHOLE: &str = "const wide = document.documentElement.scrollWidth, out = torn();\
        if (wide > innerWidth) out.push('scrolls sideways: ' + wide);\
        arguments[arguments.length - 1](out);";

/// CSS pixels, between a telephone and a screen: without columns, and just wide enough to have them.
const WIDTHS: [u32; 2] = [560, 840];

/// axe-core, pinned in `tests/axe/package.json`.
pub(crate) fn axe() -> String {
    let folder = std::env::temp_dir().join("meldkluis-axe-4.14.1");
    std::fs::create_dir_all(&folder).unwrap();
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/axe/package.json");
    std::fs::copy(package, folder.join("package.json")).unwrap();
    let npm =
        Command::new("npm").args(["install", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder).status();
    assert!(npm.unwrap().success(), "npm could not install axe-core");
    std::fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap()
}

/// What is looked at on each page; collects what is wrong.
pub(crate) struct Eye {
    pub(crate) browser: RealBrowser,
    pub(crate) library: String,
    script: String,
    pub(crate) found: Vec<String>,
    pub(crate) pages: usize,
}

impl Eye {
    pub(crate) async fn open(make: Make, library: String, script: String) -> Self {
        Self { browser: RealBrowser::start(make).await, library, script, found: Vec::new(), pages: 0 }
    }

    pub(crate) async fn look(&mut self, name: &str) {
        self.pages += 1;
        self.browser.page.execute(&self.library, Vec::new()).await.unwrap();
        if self.script == WHOLE {
            for width in WIDTHS {
                self.browser.page.set_window_rect(0, 0, width, 1024).await.unwrap();
                self.run(&format!("{name} at {width}")).await;
            }
        } else {
            self.run(name).await;
        }
        // For people who want to see the pages.
        if let Some(folder) = std::env::var_os("MELDKLUIS_PICTURES") {
            let width = if self.script.contains("scrollWidth") { 320 } else { 1280 };
            let path = Path::new(&folder).join(format!("{}-{width}.png", name.replace([' ', '/'], "-")));
            std::fs::write(path, self.browser.page.screenshot_as_png().await.unwrap()).unwrap();
        }
    }

    async fn run(&mut self, name: &str) {
        let found =
            self.browser.page.execute_async(&self.script, Vec::new()).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let found: Vec<String> = found.convert().unwrap();
        self.found.extend(found.into_iter().map(|f| format!("{name}: {f}")));
    }

    pub(crate) async fn go(&mut self, url: &str, name: &str) {
        self.browser.page.goto(url).await.unwrap();
        self.look(name).await;
    }

    pub(crate) async fn press(&mut self, css: &str, name: &str) {
        self.browser.press(css).await;
        self.look(name).await;
    }
}
