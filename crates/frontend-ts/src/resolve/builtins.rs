//! The modules that are there without a file: "b8g", and those of Node.js by the names that programs know.
//!
//! Start at [`find`]. As in Node.js, such a module comes before an installed package of the same name; a slash behind the
//! name asks for the package. Invariant: every name here is a module of the JavaScript component's prelude.

/// The specifier of the module that is the door to handles.
pub(crate) const DOOR: &str = "b8g";

/// Modules that are imported with and without `node:`. In order.
const NODE: &[&str] = &[
    "node:assert",
    "node:assert/strict",
    "node:async_hooks",
    "node:buffer",
    "node:child_process",
    "node:cluster",
    "node:console",
    "node:constants",
    "node:crypto",
    "node:dgram",
    "node:diagnostics_channel",
    "node:dns",
    "node:dns/promises",
    "node:domain",
    "node:events",
    "node:fs",
    "node:fs/promises",
    "node:http",
    "node:http2",
    "node:https",
    "node:inspector",
    "node:module",
    "node:net",
    "node:os",
    "node:path",
    "node:path/posix",
    "node:path/win32",
    "node:perf_hooks",
    "node:process",
    "node:punycode",
    "node:querystring",
    "node:readline",
    "node:readline/promises",
    "node:repl",
    "node:stream",
    "node:stream/consumers",
    "node:stream/promises",
    "node:stream/web",
    "node:string_decoder",
    "node:sys",
    "node:timers",
    "node:timers/promises",
    "node:tls",
    "node:trace_events",
    "node:tty",
    "node:url",
    "node:util",
    "node:util/types",
    "node:v8",
    "node:vm",
    "node:wasi",
    "node:worker_threads",
    "node:zlib",
];

/// Modules that only `node:` leads to.
const PREFIXED: &[&str] = &["node:test"];

/// Finds the module that is built in under a specifier, by the name that the component knows.
pub(crate) fn find(specifier: &str) -> Option<&'static str> {
    if specifier == DOOR {
        return Some(DOOR);
    }
    let bare = specifier.strip_prefix("node:");
    let name = bare.unwrap_or(specifier);
    let found = NODE.binary_search_by(|known| known["node:".len()..].cmp(name)).ok().map(|at| NODE[at]);
    found.or_else(|| PREFIXED.iter().copied().find(|&known| known == specifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_with_and_without_their_scheme() {
        assert!(NODE.is_sorted());
        for name in NODE {
            assert_eq!(find(name), Some(*name));
            assert_eq!(find(&name["node:".len()..]), Some(*name));
        }
        assert_eq!(find("b8g"), Some("b8g"));
        assert_eq!(find("node:test"), Some("node:test"));
        for other in ["test", "buffer/", "node:", "node:nothing", "", "zod", "node:b8g"] {
            assert_eq!(find(other), None, "{other}");
        }
    }
}
