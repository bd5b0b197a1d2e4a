//! Which of the web platform tests are run, where they come from, and which are left out for what they need.

use crate::suite::Pin;

/// Some of the tests, whose counts are kept together.
pub struct Suite {
    /// What the suite is called on the command line.
    pub name: &'static str,
    /// What it is of.
    pub words: &'static str,
    /// Where its counts are kept.
    pub file: &'static str,
    pub pins: &'static [Pin],
    /// The folders of each pin whose `*.any.js` are run, in the order of the pins.
    pub slice: &'static [(usize, &'static [&'static str])],
    /// What the tests load beside their own folders: hashed with them, and not run.
    pub support: &'static [(usize, &'static [&'static str])],
}

/// The web platform.
pub const WPT: Suite = Suite {
    name: "wpt",
    words: "the web platform tests",
    file: "tests/conformance/wpt.txt",
    pins: PINS,
    slice: SLICE,
    support: &[(0, &["common", "interfaces", "resources"]), (1, &["common"])],
};

/// The interface between JavaScript and WebAssembly.
pub const WASM_JS: Suite = Suite {
    name: "wasm-js",
    words: "the tests of WebAssembly in JavaScript",
    file: "tests/conformance/wasm-js.txt",
    pins: PINS.split_at(1).0,
    slice: &[(0, &["wasm/jsapi"])],
    support: &[(0, &["common", "interfaces", "resources"])],
};

/// Copies of the web platform tests in repositories that are small enough to fetch, each with the upstream commits of what it
/// copied in its own history; the last is the suite itself.
const PINS: &[Pin] = &[
    Pin {
        folder: "node",
        repository: "https://github.com/nodejs/node",
        commit: "refs/tags/v20.19.2",
        root: "test/fixtures/wpt",
        needed: &[""],
    },
    Pin {
        folder: "undici",
        repository: "https://github.com/nodejs/undici",
        commit: "b4019ee9dc9864469cebfca43a42e37de1287b98",
        root: "test/fixtures/wpt",
        needed: &["common", "fetch", "mimesniff", "resources", "xhr"],
    },
    Pin {
        folder: "wpt",
        repository: "https://github.com/web-platform-tests/wpt",
        commit: "51407aaa3d17aa440f6807caef5e390dc779087a",
        root: "",
        needed: &["compression"],
    },
];

const SLICE: &[(usize, &[&str])] = &[
    (
        0,
        &[
            "FileAPI/blob",
            "FileAPI/file",
            "FileAPI/url",
            "WebCryptoAPI",
            "console",
            "dom/abort",
            "dom/events",
            "encoding",
            "hr-time",
            "html/webappapis",
            "performance-timeline",
            "streams",
            "url",
            "user-timing",
            "webidl",
        ],
    ),
    (1, &["fetch/api", "fetch/data-urls", "mimesniff/mime-types", "xhr/formdata"]),
    (2, &["compression"]),
];

/// What in the text of a test shows that it needs what is not there.
const MISSING: &[(&str, &str)] = &[
    (".py", "the suite's own server"),
    ("get-host-info", "the suite's own server"),
    ("RESOURCES_DIR", "the suite's own server"),
    ("formDataPostFileUploadTest", "the suite's own server"),
    ("XMLHttpRequest()", "XMLHttpRequest"),
    ("document.", "a document"),
    ("new Worker(", "workers"),
    ("new SharedWorker(", "workers"),
];

/// What in the name of a test shows that it is of what is not claimed.
const UNCLAIMED: &[(&str, &str)] =
    &[("448.https", "of Ed448 and X448, which are not claimed"), ("tentative", "of what is no standard yet")];

/// Why a test is left out, if it is.
pub fn left_out(name: &str, source: &str) -> Option<String> {
    let unclaimed =
        UNCLAIMED.iter().find(|(part, _)| name.contains(part) && !name.starts_with("compression/"));
    if let Some((_, why)) = unclaimed {
        return Some((*why).to_owned());
    }
    let global = source.lines().find_map(|line| line.strip_prefix("// META: global="));
    if global.is_some_and(|global| global.split(',').all(|name| name.trim() == "window")) {
        return Some("need a window".to_owned());
    }
    MISSING.iter().find(|(text, _)| source.contains(text)).map(|(_, why)| format!("need {why}"))
}
