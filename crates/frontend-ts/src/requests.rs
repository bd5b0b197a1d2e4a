//! What a module asks for: its static imports and re-exports, and `import()` with a literal.
//!
//! Start at [`of_module`]. `require` of CommonJS modules is found by `commonjs`.

use std::collections::HashSet;

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

/// Collects requests, each once.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    list: Vec<Request>,
    known: HashSet<(String, bool, bool)>,
}

impl Requests {
    /// Adds a request, unless the same is asked for already. What must lead somewhere has to be added first.
    pub(crate) fn push(&mut self, request: Request) {
        let key = (request.specifier.clone(), request.json, request.via == Via::Require);
        if self.known.insert(key) {
            self.list.push(request);
        }
    }

    pub(crate) fn into_list(self) -> Vec<Request> {
        self.list
    }

    /// Adds what `import()` asks for with a literal.
    pub(crate) fn add_dynamic(&mut self, record: &ModuleRecord, source: &str) {
        for import in &record.dynamic_imports {
            let Some(specifier) = literal(text(source, import.module_request)) else { continue };
            let mut request = Request::new(specifier, import.module_request, Via::DynamicImport);
            let options = text(source, Span::new(import.module_request.end, import.span.end));
            request.json = options.contains("json") && options.contains("type");
            self.push(request);
        }
    }

    fn add(&mut self, source: &StringLiteral, with: Option<&WithClause>) -> Result<(), BadAttribute> {
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
                    return Err(BadAttribute {
                        value: value.to_owned(),
                        offset: span.start,
                        len: span.size(),
                    });
                }
                _ => {}
            }
        }
        self.push(request);
        Ok(())
    }
}

/// Lists what a module asks for, each specifier once, in the order of the source. Statements that begin at one of the
/// `dropped` bytes, which are sorted, are left out.
pub(crate) fn of_module(
    program: &Program,
    record: &ModuleRecord,
    source: &str,
    dropped: &[u32],
) -> Result<Vec<Request>, BadAttribute> {
    let mut requests = Requests::default();
    for statement in &program.body {
        match statement {
            _ if !dropped.is_empty() && dropped.binary_search(&statement.span().start).is_ok() => {}
            Statement::ImportDeclaration(import) if import.import_kind.is_value() => {
                requests.add(&import.source, import.with_clause.as_deref())?;
            }
            Statement::ExportFromDeclaration(export) if export.export_kind.is_value() => {
                requests.add(&export.source, export.with_clause.as_deref())?;
            }
            Statement::ExportAllDeclaration(export) if export.export_kind.is_value() => {
                requests.add(&export.source, export.with_clause.as_deref())?;
            }
            _ => {}
        }
    }
    requests.add_dynamic(record, source);
    Ok(requests.into_list())
}

/// Tells whether `import()` asks for anything whose name is computed.
pub(crate) fn are_computed(record: &ModuleRecord, source: &str) -> bool {
    record.dynamic_imports.iter().any(|import| literal(text(source, import.module_request)).is_none())
}

/// Tells whether import attributes ask for JSON.
pub(crate) fn wants_json(with: Option<&WithClause>) -> bool {
    with.into_iter().flat_map(|with| &with.with_entries).any(|entry| {
        let is_type = match &entry.key {
            ImportAttributeKey::Identifier(name) => name.name == "type",
            ImportAttributeKey::StringLiteral(name) => name.value == "type",
        };
        is_type && entry.value.value == "json"
    })
}

/// Reads a string literal or a template without substitutions that needs no unescaping.
pub(crate) fn literal(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let substitutes = quote == '`' && inner.contains("${");
    (!substitutes && !inner.contains([quote, '\\'])).then_some(inner)
}

pub(crate) fn text(source: &str, span: Span) -> &str {
    source.get(span.start as usize..span.end as usize).unwrap_or_default()
}
