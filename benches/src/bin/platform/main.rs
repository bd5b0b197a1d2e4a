//! What a JavaScript program finds around the language, against the same in node: HTTP so far.

mod http;

use b8g_benches::Report;

fn main() -> anyhow::Result<()> {
    http::measure(&Report::begin("the web platform for JavaScript, in time per piece of work"))
}
