//! Runs one test: a script in a context that goes on from an image with its harness, a module as a program of its own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use b8g::{
    Capture, Component, Config, Context, Engine, EvalError, Grants, Image, Language, Limits, Reason, Stdout,
};

use super::meta::Meta;

const HOST: &str = include_str!("host.js");
const TIME_MAX: Duration = Duration::from_secs(20);
const MEMORY_BYTES_MAX: u64 = 256 << 20;
/// How often 20 milliseconds are waited for an asynchronous test.
const WAITS_MAX: usize = 100;
const COMPLETE: &str = "Test262:AsyncTestComplete";

/// How a test is run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Sloppy,
    Strict,
    Module,
}

/// A test in one of its modes.
pub struct Case<'a> {
    pub path: &'a Path,
    pub source: &'a str,
    pub meta: &'a Meta,
    pub mode: Mode,
}

/// What all tests share.
pub struct Runner {
    engine: Engine,
    bare: Component,
    harness: HashMap<String, String>,
    images: Mutex<HashMap<Vec<String>, Image>>,
    copies: Copies,
}

/// Folders of the suite whose files are modules whatever they look like: copies, since a file of the suite's own says nothing of it.
struct Copies {
    place: PathBuf,
    made: Mutex<HashMap<PathBuf, PathBuf>>,
}

impl Copies {
    fn new() -> std::io::Result<Copies> {
        let place = std::env::temp_dir().join(format!("b8g-conformance-{}", std::process::id()));
        std::fs::create_dir_all(&place)?;
        std::fs::write(place.join("package.json"), "{ \"type\": \"module\" }")?;
        Ok(Copies { place, made: Mutex::new(HashMap::new()) })
    }

    /// The folder that holds the test and all that tests of its folder import.
    fn folder(&self, test: &Path) -> std::io::Result<PathBuf> {
        let from = test.parent().unwrap_or(Path::new("."));
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = match made.get(from) {
            Some(folder) => folder.clone(),
            None => {
                let folder = self.place.join(made.len().to_string());
                copy(from, &folder)?;
                made.insert(from.to_owned(), folder.clone());
                folder
            }
        };
        Ok(folder)
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.place);
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            std::fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

fn limits() -> Limits {
    Limits { timeout: Some(TIME_MAX), memory_bytes_max: MEMORY_BYTES_MAX, ..Limits::default() }
}

fn grants(output: &Capture) -> Grants {
    let output = Stdout::Capture(output.clone());
    Grants::none().clocks().randomness().stdout(output.clone()).stderr(output)
}

/// A text as a literal of JavaScript.
fn literal(text: &str) -> String {
    // An evaluation that has this word is one that may wait.
    serde_json::Value::from(text).to_string().replace("await", "\\u0061wait")
}

fn script(source: &str) -> String {
    format!("process.getBuiltinModule('node:vm').runInThisContext({})", literal(source))
}

/// Runs `what`, and says how it ended: `done`, or `threw` and the error's name and message.
fn guarded(what: &str) -> String {
    format!(
        "(() => {{ try {{ {what} }} catch (error) {{ let name, text; try {{ name = error.constructor.name; text = error.message }} catch {{}} \
         return `threw ${{name}}: ${{text ?? String(error)}}`; }} return 'done'; }})()"
    )
}

impl Runner {
    pub fn new(root: &Path) -> anyhow::Result<Runner> {
        let engine = Engine::new(Config::new())?;
        let bare = Component::javascript(&engine)?;
        let mut harness = HashMap::new();
        for entry in std::fs::read_dir(root.join("harness"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "js") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                harness.insert(name, std::fs::read_to_string(&path)?);
            }
        }
        Ok(Runner { engine, bare, harness, images: Mutex::new(HashMap::new()), copies: Copies::new()? })
    }

    /// The files of the harness that a test needs, in order.
    fn includes(case: &Case<'_>) -> Vec<String> {
        let mut names = Vec::new();
        if !case.meta.has("raw") {
            names.extend(["assert.js", "sta.js"].map(str::to_owned));
            if case.meta.has("async") {
                names.push("doneprintHandle.js".to_owned());
            }
        }
        names.extend(case.meta.includes.iter().cloned());
        names
    }

    fn text(&self, name: &str) -> Result<&str, String> {
        self.harness.get(name).map(String::as_str).ok_or(format!("there is no {name} in the harness"))
    }

    /// A context with the harness, frozen.
    fn image(&self, includes: Vec<String>) -> Result<Image, String> {
        let lock = || self.images.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = lock().get(&includes) {
            return Ok(image.clone());
        }
        let mut context =
            Context::new(&self.bare, &grants(&Capture::new()), limits()).map_err(|e| e.to_string())?;
        context.eval(HOST).map_err(|error| error.to_string())?;
        for name in &includes {
            context.eval(&script(self.text(name)?)).map_err(|error| format!("{name}: {error}"))?;
        }
        let image = context.snapshot().map_err(|error| error.to_string())?;
        lock().insert(includes, image.clone());
        Ok(image)
    }

    /// Runs a test; says what is wrong.
    pub fn run(&self, case: &Case<'_>) -> Result<(), String> {
        let (ended, output) = if case.mode == Mode::Module || case.source.contains("_FIXTURE") {
            self.run_program(case)?
        } else {
            self.run_script(case)?
        };
        judge(case, &ended, &output)
    }

    fn run_script(&self, case: &Case<'_>) -> Result<(String, String), String> {
        let output = Capture::new();
        let image = self.image(Self::includes(case))?;
        let mut context =
            Context::restore(&image, &grants(&output), limits()).map_err(|error| error.to_string())?;
        let what = guarded(&script(&prepared(case)));
        let ended = match context.eval(&what) {
            Ok(ended) => ended.text,
            Err(EvalError::Ended(outcome)) => return Err(outcome.reason.to_string()),
            Err(other) => return Err(other.to_string()),
        };
        let mut said = text(&output);
        // What an evaluation left behind does not keep a context going; what waits does.
        for _ in 0..WAITS_MAX {
            if !case.meta.has("async") || said.contains("Test262:Async") {
                break;
            }
            context
                .eval("new Promise((resolve) => setTimeout(resolve, 20))")
                .map_err(|error| error.to_string())?;
            said.push_str(&text(&output));
        }
        Ok((ended, said))
    }

    /// Runs a test whose imports are files, the harness before it.
    fn run_program(&self, case: &Case<'_>) -> Result<(String, String), String> {
        let mut source = String::from("import vm from 'node:vm';\n");
        for part in std::iter::once(Ok(HOST)).chain(Self::includes(case).iter().map(|name| self.text(name))) {
            source.push_str(&format!("vm.runInThisContext({});\n", literal(part?)));
        }
        let name = case.path.file_name().unwrap_or_default().to_string_lossy();
        if case.mode == Mode::Module {
            let what = format!(
                "await import({:?}).then(() => 'done', (error) => {{ try {{ throw error }} catch (error) {{ return `threw ${{error?.constructor?.name}}: ${{error?.message}}` }} }})",
                format!("./{name}")
            );
            source.push_str(&format!("print('\\nended ' + ({what}));\n"));
        } else {
            source.push_str("if (false) {\n");
            for fixture in fixtures(case.source) {
                source.push_str(&format!("  import({fixture:?});\n"));
            }
            source.push_str("}\n");
            let what = guarded(&format!(
                "vm.runInThisContext({}, import.meta.dirname + '/' + {})",
                literal(&prepared(case)),
                literal(&name)
            ));
            source.push_str(&format!("print('\\nended ' + {what});\n"));
        }
        let directory = self.copies.folder(case.path).map_err(|error| error.to_string())?;
        let component = match Component::from_source(
            &self.engine,
            "entry.mjs",
            Language::JavaScript,
            &source,
            &directory,
        ) {
            Ok(component) => component,
            Err(error) => return Ok((format!("threw SyntaxError: {error}"), String::new())),
        };
        let output = Capture::new();
        let outcome = Context::new(&component, &grants(&output), limits()).map_err(|e| e.to_string())?.run();
        if outcome.reason != Reason::Exit {
            return Err(outcome.reason.to_string());
        }
        let said = text(&output);
        let ended = said.lines().find_map(|line| line.strip_prefix("ended "));
        Ok((ended.unwrap_or("nothing").to_owned(), said.clone()))
    }
}

fn text(output: &Capture) -> String {
    String::from_utf8_lossy(&output.take()).into_owned()
}

fn prepared(case: &Case<'_>) -> String {
    let head = if case.mode == Mode::Strict { "\"use strict\";\n" } else { "" };
    format!("{head}{}", case.source)
}

/// The files beside it that a script names.
fn fixtures(source: &str) -> Vec<String> {
    let parts = source.split(['"', '\'', '`']);
    let mut names: Vec<String> =
        parts.filter(|part| part.starts_with("./") && part.contains("_FIXTURE")).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn judge(case: &Case<'_>, ended: &str, output: &str) -> Result<(), String> {
    if let Some((phase, kind)) = &case.meta.negative {
        return match ended.strip_prefix("threw ") {
            Some(threw) if threw.split(':').next() == Some(kind) => Ok(()),
            _ => Err(format!("{ended}, where a {kind} is wanted ({phase})")),
        };
    }
    if ended != "done" {
        return Err(ended.to_owned());
    }
    if case.meta.has("async") && !output.contains(COMPLETE) {
        return Err(output.lines().find(|line| line.contains("Test262:")).unwrap_or("never done").to_owned());
    }
    Ok(())
}
