//! What a JavaScript program finds around the language, against the same in node: contexts, WebAssembly, HTTP.

mod contexts;
mod http;

use b8g_benches::{Report, process};

fn main() -> anyhow::Result<()> {
    let report = Report::begin("the web platform for JavaScript, in time per piece of work");
    let Some(node) = process::find("node", "B8G_NODE") else {
        report.skip("everything", "no node on the path, nor in B8G_NODE");
        return Ok(());
    };
    contexts::measure(&report, &node)?;
    http::measure(&report, &node)
}
