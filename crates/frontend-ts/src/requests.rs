//! What a module asks for: its static imports and re-exports, and `import()` with a literal.
//!
//! Start at [`of_module`]. `require` of CommonJS modules is found by `commonjs`.

use oxc::ast::ast::{ImportAttributeKey, Program, Statement, StringLiteral, WithClause};
use oxc::span::{GetSpan, Span};
use oxc::syntax::module_record::ModuleRecord;

/// Asks for another module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub specifier: String,
    /// Where the specifier stands in the source, in bytes.
    pub offset: u32,
    pub len: u32,
    pub via: Via,
    /// `with { type: "json" }`
    pub json: bool,
}

/// How a module is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Via {
    /// `import` and `export ... from`: must lead somewhere.
    Import,
    /// `import()`: fails when it is reached.
    DynamicImport,
    /// `require()`: fails when it is reached.
    Require,
}

/// An import attribute that asks for what b8g does not load.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadAttribute {
    pub value: String,
    pub offset: u32,
    pub len: u32,
}

impl Request {
    pub(crate) fn new(specifier: &str, span: Span, via: Via) -> Self {
        let len = span.end.saturating_sub(span.start);
        Self { specifier: specifier.to_owned(), offset: span.start, len, via, json: false }
    }
}

/// Lists what a module asks for, each specifier once, in the order of the source. Statements that begin at one of the
/// `dropped` bytes are left out.
pub(crate) fn of_module(
    program: &Program,
    record: &ModuleRecord,
    source: &str,
    dropped: &[u32],
) -> Result<Vec<Request>, BadAttribute> {
    let mut requests = Vec::new();
    for statement in &program.body {
        match statement {
            _ if !dropped.is_empty() && dropped.contains(&statement.span().start) => {}
            Statement::ImportDeclaration(import) if import.import_kind.is_value() => {
                add(&mut requests, &import.source, import.with_clause.as_deref())?;
            }
            Statement::ExportFromDeclaration(export) if export.export_kind.is_value() => {
                add(&mut requests, &export.source, export.with_clause.as_deref())?;
            }
            Statement::ExportAllDeclaration(export) if export.export_kind.is_value() => {
                add(&mut requests, &export.source, export.with_clause.as_deref())?;
            }
            _ => {}
        }
    }
    add_dynamic(&mut requests, record, source);
    Ok(requests)
}

/// Adds what `import()` asks for with a literal.
pub(crate) fn add_dynamic(requests: &mut Vec<Request>, record: &ModuleRecord, source: &str) {
    for import in &record.dynamic_imports {
        let Some(specifier) = literal(text(source, import.module_request)) else { continue };
        let mut request = Request::new(specifier, import.module_request, Via::DynamicImport);
        let options = text(source, Span::new(import.module_request.end, import.span.end));
        request.json = options.contains("json") && options.contains("type");
        push(requests, request);
    }
}

/// Adds a request, unless the same is asked for already in at least as strict a way.
pub(crate) fn push(requests: &mut Vec<Request>, request: Request) {
    let strictness = |via: Via| if via == Via::DynamicImport { Via::Import } else { via };
    let known = requests.iter().any(|other| {
        other.specifier == request.specifier
            && other.json == request.json
            && strictness(other.via) == strictness(request.via)
    });
    if !known {
        requests.push(request);
    }
}

fn add(
    requests: &mut Vec<Request>,
    source: &StringLiteral,
    with: Option<&WithClause>,
) -> Result<(), BadAttribute> {
    let mut request = Request::new(&source.value, source.span, Via::Import);
    for entry in with.into_iter().flat_map(|with| &with.with_entries) {
        let key = match &entry.key {
            ImportAttributeKey::Identifier(name) => name.name.as_str(),
            ImportAttributeKey::StringLiteral(name) => name.value.as_str(),
        };
        match (key, entry.value.value.as_str()) {
            ("type", "json") => request.json = true,
            ("type", value) => {
                let span = entry.value.span;
                return Err(BadAttribute { value: value.to_owned(), offset: span.start, len: span.size() });
            }
            _ => {}
        }
    }
    push(requests, request);
    Ok(())
}

/// Reads a string literal or a template without substitutions that needs no unescaping.
fn literal(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let plain = !inner.contains([quote, '\\']) && !(quote == '`' && inner.contains("${"));
    plain.then_some(inner)
}

fn text(source: &str, span: Span) -> &str {
    source.get(span.start as usize..span.end as usize).unwrap_or_default()
}
