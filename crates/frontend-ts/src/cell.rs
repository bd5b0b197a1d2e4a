//! Cells of a session: what a person, a notebook or an agent hands in piece by piece, each evaluated where the ones before were.
//!
//! Start at [`compile_cell`]. A cell is a script: what it declares stays, `await` may stand at its top, and its last expression is
//! its value. Static imports become `await import()`, as a script has none. Invariant: lines stay where they were.

use std::fmt::Write as _;

use oxc::allocator::Allocator;
use oxc::ast::ast::{ExportDefaultDeclarationKind, ImportDeclaration, ImportDeclarationSpecifier, Statement};
use oxc::span::{GetSpan, Span};

use crate::compile::{self, Format, Unit};
use crate::error::{BuildError, ErrorKind};
use crate::frame::Place;
use crate::language::Language;
use crate::transform::Decorators;
use crate::{ProgramLimits, Script, compile_script, source};

/// Makes a cell of a session ready for the engine: types stripped, imports made dynamic, an object literal at its begin taken for
/// one and not for a block.
///
/// # Errors
///
/// What is wrong with the source, for people: see [`BuildError`]. Plain JavaScript without imports is left to the engine, which
/// tells itself.
///
/// ```
/// # use b8g_frontend_ts::{Language, compile_cell};
/// let cell = compile_cell("cell", "import { sep } from 'node:path'; sep as string", Language::TypeScript)?;
/// assert_eq!(cell.code.trim_end(), "const {sep} = await import('node:path'); sep");
/// assert_eq!(compile_cell("cell", "{ a: 1 }", Language::JavaScript)?.code, "({ a: 1 }\n)");
/// # Ok::<(), b8g_frontend_ts::BuildError>(())
/// ```
pub fn compile_cell(name: &str, source: &str, language: Language) -> Result<Script, BuildError> {
    let mut text = source.to_owned();
    source::normalize(&mut text);
    let starts_as_object = text.trim_start().starts_with('{') && !text.trim_end().ends_with(';');
    if starts_as_object {
        let expression = format!("({text}\n)");
        if matches!(look(name, &expression, language, |_| ()), Ok(())) {
            text = expression;
        }
    }
    let typed = language.is_typescript() || language.is_jsx();
    if text.contains("import") || text.contains("export") {
        let found = look(name, &text, language, |program| statements(&program.body, &text, name));
        match found.and_then(|edits| edits) {
            Ok(edits) => text = apply(&text, edits),
            Err(kind) if typed || matches!(kind, ErrorKind::Unsupported { .. }) => return Err(kind.into()),
            // The engine takes more than modules may hold, and says what is wrong with the rest.
            Err(_) => {}
        }
    }
    if typed { compile_script(name, &text, language) } else { Ok(Script { code: text, map: Vec::new() }) }
}

/// Tells whether a source that cannot be parsed only lacks its end: an open brace, an open template.
///
/// ```
/// # use b8g_frontend_ts::{Language, is_incomplete};
/// assert!(is_incomplete("function f() {", Language::JavaScript));
/// assert!(!is_incomplete("function f() {}", Language::JavaScript));
/// assert!(is_incomplete("f(`a ${b} c", Language::JavaScript) && is_incomplete("/* a", Language::JavaScript));
/// assert!(!is_incomplete("f(]", Language::JavaScript) && !is_incomplete("'a", Language::JavaScript));
/// ```
pub fn is_incomplete(source: &str, language: Language) -> bool {
    let mut text = source.to_owned();
    source::normalize(&mut text);
    let Err(ErrorKind::Syntax { place, message, .. }) = look("cell", &text, language, |_| ()) else {
        return false;
    };
    let end = Place::new("cell", &text, text.trim_end().len(), 0);
    let at_end = (place.line, place.column) >= (end.line, end.column);
    // A template begins where its error does, or goes on there behind an expression.
    let line = text.lines().nth(place.line.saturating_sub(1) as usize).unwrap_or_default();
    let mut units = line.encode_utf16().skip(place.column.saturating_sub(1) as usize);
    let in_template = units.next().is_some_and(|unit| unit == u16::from(b'`') || unit == u16::from(b'}'));
    at_end || in_template && message.starts_with("Unterminated") || message.starts_with("Unterminated multi")
}

/// Looks at a source as a module: there `await` may stand at the top.
fn look<T: Send>(
    name: &str,
    source: &str,
    language: Language,
    at: impl Fn(&oxc::ast::ast::Program) -> T + Send + Sync,
) -> Result<T, ErrorKind> {
    let format = Format::Module;
    let decorators = &|| Decorators::Refused;
    let unit = Unit { name, source, language, format, decorators, shape: false, production: false };
    compile::with_stack(&unit, ProgramLimits::default().nesting_max, || {
        let allocator = Allocator::default();
        compile::parse(&unit, &allocator).map(|parsed| at(&parsed.program))
    })
}

/// What stands in the place of a piece of the source.
type Edit = (Span, String);

/// Statements that only modules have, and what a script has instead.
fn statements(body: &[Statement], text: &str, name: &str) -> Result<Vec<Edit>, ErrorKind> {
    let mut edits = Vec::new();
    for statement in body {
        match statement {
            Statement::ImportDeclaration(import) if !import.import_kind.is_type() => {
                edits.push((import.span, imported(import, text)));
            }
            Statement::ExportDeclaration(export) => {
                edits.push((Span::new(export.span.start, export.declaration.span().start), String::new()));
            }
            Statement::ExportNamedDeclaration(export) => edits.push((export.span, String::new())),
            Statement::ExportFromDeclaration(export) => {
                edits.push((export.span, loads(export.source.span, text)))
            }
            Statement::ExportAllDeclaration(export) => {
                edits.push((export.span, loads(export.source.span, text)));
            }
            Statement::ExportDefaultDeclaration(export) => {
                let inner = export.declaration.span().start;
                let nameless = match &export.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => function.id.is_none(),
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => class.id.is_none(),
                    _ => false,
                };
                if nameless {
                    return Err(ErrorKind::Unsupported {
                        message: "a cell has no default export".to_owned(),
                        place: Some(Place::new(name, text, export.span.start as usize, 14)),
                        help: Some("give it a name, and leave out `export default`".to_owned()),
                    });
                }
                edits.push((Span::new(export.span.start, inner), String::new()));
            }
            _ => {}
        }
    }
    Ok(edits)
}

/// Loads a module and takes nothing of it.
fn loads(specifier: Span, text: &str) -> String {
    format!("await import({});", specifier.source_text(text))
}

/// The declaration that gives what an import gives.
fn imported(import: &ImportDeclaration, text: &str) -> String {
    let specifier = import.source.span.source_text(text);
    let with = import.with_clause.as_ref().map_or_else(String::new, |with| {
        let entries: Vec<_> = with.with_entries.iter().map(|entry| entry.span.source_text(text)).collect();
        format!(", {{ with: {{ {} }} }}", entries.join(", "))
    });
    let loaded = format!("await import({specifier}{with})");
    let mut names = Vec::new();
    let mut namespace = None;
    for one in import.specifiers.iter().flatten() {
        match one {
            ImportDeclarationSpecifier::ImportSpecifier(one) if one.import_kind.is_type() => {}
            ImportDeclarationSpecifier::ImportSpecifier(one) => {
                let (from, to) = (one.imported.span().source_text(text), one.local.name.as_str());
                names.push(if from == to { to.to_owned() } else { format!("{from}: {to}") });
            }
            ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                names.push(format!("default: {}", one.local.name));
            }
            ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => {
                namespace = Some(one.local.name.as_str())
            }
        }
    }
    match namespace {
        Some(namespace) if names.is_empty() => format!("const {namespace} = {loaded};"),
        Some(namespace) => format!("const {namespace} = {loaded}, {{{}}} = {namespace};", names.join(", ")),
        None if names.is_empty() => format!("{loaded};"),
        None => format!("const {{{}}} = {loaded};", names.join(", ")),
    }
}

/// The text with the edits made; a piece that took several lines takes them still.
fn apply(text: &str, edits: Vec<Edit>) -> String {
    let mut edited = String::with_capacity(text.len());
    let mut copied = 0;
    for (span, instead) in edits {
        let _ = write!(edited, "{}{instead}", &text[copied..span.start as usize]);
        edited.extend(span.source_text(text).chars().filter(|c| *c == '\n'));
        copied = span.end as usize;
    }
    edited.push_str(&text[copied..]);
    edited
}
